/** A compiled pipeline, as JSON, whose tasks each run one shell script and depend on nothing. */
export const shellPipeline = (name: string, scripts: readonly string[]): string => {
  const tasks = scripts.map((script, i) => ({ id: `${name}-${i + 1}`, script }))
  const each = <T>(prefix: string, make: (task: { id: string; script: string }) => T): Record<string, T> =>
    Object.fromEntries(tasks.map((task) => [`${prefix}${task.id}`, make(task)]))
  return JSON.stringify({
    pipelineInfo: { name },
    schemaVersion: '2.1.0',
    sdkVersion: 'kfp-2.17.0',
    components: each('comp-', ({ id }) => ({ executorLabel: `exec-${id}` })),
    deploymentSpec: {
      executors: each('exec-', ({ script }) => ({
        container: { image: 'example/shell:1', command: ['sh', '-ec', script] },
      })),
    },
    root: {
      dag: {
        tasks: each('', ({ id }) => ({
          componentRef: { name: `comp-${id}` },
          taskInfo: { name: id },
          cachingOptions: {},
        })),
      },
    },
  })
}
