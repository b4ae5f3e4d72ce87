import type { JsonObject } from '../../src/domain/json.ts'

/** A lightweight Python component: the body of a function of `shared`, which returns a text. */
export interface PythonTask {
  readonly body: string
  readonly after?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

// The shape in which kfp puts a function into a command.
const launcher =
  'program_path=$(mktemp -d)\nprintf "%s" "$0" > "$program_path/ephemeral_component.py"\n' +
  '_KFP_RUNTIME=true python3 -m kfp.dsl.executor_main --component_module_path "$program_path/ephemeral_component.py" "$@"\n'

const indented = (body: string): string => body.trim().split('\n').join('\n    ')

const sourceOf = (body: string): string =>
  `from kfp import dsl\n\ndef run(shared: str) -> str:\n    ${indented(body)}\n`

/** A pipeline of such tasks, with kfp 2.17.0 in their environment. Nothing of it comes from the cache. */
export const pythonPipeline = (tasks: Readonly<Record<string, PythonTask>>): JsonObject => {
  const each = (make: (name: string, task: PythonTask) => [string, JsonObject]): JsonObject =>
    Object.fromEntries(Object.entries(tasks).map(([name, task]) => make(name, task)))
  const text: JsonObject = { parameterType: 'STRING' }
  return {
    pipelineInfo: { name: 'python' },
    schemaVersion: '2.1.0',
    sdkVersion: 'kfp-2.17.0',
    components: each((name) => [
      `comp-${name}`,
      {
        executorLabel: `exec-${name}`,
        inputDefinitions: { parameters: { shared: text } },
        outputDefinitions: { parameters: { Output: text } },
      },
    ]),
    deploymentSpec: {
      executors: each((name, { body, env = {} }) => [
        `exec-${name}`,
        {
          container: {
            image: 'python:3.11',
            command: ['sh', '-ec', launcher, sourceOf(body)],
            args: ['--executor_input', '{{$}}', '--function_to_execute', 'run'],
            env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
          },
        },
      ]),
    },
    root: {
      inputDefinitions: { parameters: { shared: text } },
      dag: {
        tasks: each((name, { after = [] }) => [
          name,
          {
            componentRef: { name: `comp-${name}` },
            taskInfo: { name },
            cachingOptions: {},
            dependentTasks: [...after],
            inputs: { parameters: { shared: { componentInputParameter: 'shared' } } },
          },
        ]),
      },
    },
  }
}
