import { stringify } from 'yaml'

/** A compiled pipeline, as JSON, whose only task does nothing; its parameters make its runs different. */
const idlePipeline = (name: string, parameters: Readonly<Record<string, string>>): string =>
  JSON.stringify({
    pipelineInfo: { name },
    schemaVersion: '2.1.0',
    sdkVersion: 'kfp-2.17.0',
    components: { 'comp-idle': { executorLabel: 'exec-idle' } },
    deploymentSpec: {
      executors: { 'exec-idle': { container: { image: 'example/idle:1', command: ['true'] } } },
    },
    root: {
      inputDefinitions: {
        parameters: Object.fromEntries(
          Object.entries(parameters).map(([name, parameterType]) => [name, { parameterType, isOptional: true }]),
        ),
      },
      dag: { tasks: { idle: { componentRef: { name: 'comp-idle' }, taskInfo: { name: 'idle' }, cachingOptions: {} } } },
    },
  })

export const trainPipeline = idlePipeline('train', { step: 'NUMBER_INTEGER', at: 'STRING' })
export const gatherPipeline = idlePipeline('gather', { files: 'LIST' })

/**
 * What starts runs: pushes to `train/…`, tags and releases. Everything else is looked at and ignored. `more` are other
 * parts of the file: pipelines beside this one, environments.
 */
export const winnowYaml = (step: number, { pipelines, ...more }: MorePipelines = {}): string =>
  stringify({
    version: 1,
    ...more,
    pipelines: {
      train: {
        ir: 'pipeline.json',
        parameters: { step },
        on: {
          push: { branches: ['train/**'], tags: ['v*'] },
          release: { types: ['published'] },
          pullRequest: { plan: true },
        },
      },
      ...pipelines,
    },
  })

export interface MorePipelines {
  readonly pipelines?: Readonly<Record<string, object>>
  readonly environments?: Readonly<Record<string, object>>
}

/** A second pipeline, which gathers the objects of an address. */
export const gathering = (uri: string): MorePipelines => ({
  pipelines: { gather: { ir: 'gather.json', on: { data: { uri, quiet: '2s', maxWait: '8s', into: 'files' } } } },
})
