import type { JsonObject } from '../../src/domain/json.ts'

export interface ShellTask {
  /** Runs in sh: `$0` is the input `word`, `$1` the file of the output `said`, `$2` the path of the artifact `page`. */
  readonly script: string
  readonly after?: readonly string[]
}

/** A compiled pipeline of tasks that are shell scripts; its parameter `word` is required, `times` is not. */
export const shellPipeline = (tasks: Readonly<Record<string, ShellTask>>, schemaVersion = '2.1.0'): JsonObject => {
  const text = schemaVersion === '2.0.0' ? { type: 'STRING' } : { parameterType: 'STRING' }
  const components: Record<string, JsonObject> = {}
  const executors: Record<string, JsonObject> = {}
  const dag: Record<string, JsonObject> = {}
  for (const [name, { script, after = [] }] of Object.entries(tasks)) {
    components[`comp-${name}`] = {
      executorLabel: `exec-${name}`,
      inputDefinitions: { parameters: { word: text } },
      outputDefinitions: {
        parameters: { said: text },
        artifacts: { page: { artifactType: { schemaTitle: 'system.Metrics', schemaVersion: '0.0.1' } } },
      },
    }
    const outputs = ["{{$.outputs.parameters['said'].output_file}}", "{{$.outputs.artifacts['page'].path}}"]
    executors[`exec-${name}`] = {
      container: {
        image: 'example/shell:1',
        command: ['sh', '-ec', script, "{{$.inputs.parameters['word']}}", ...outputs],
      },
    }
    dag[name] = {
      componentRef: { name: `comp-${name}` },
      taskInfo: { name },
      cachingOptions: {},
      dependentTasks: [...after],
      inputs: { parameters: { word: { componentInputParameter: 'word' } } },
    }
  }
  const times = schemaVersion === '2.0.0' ? { type: 'INT' } : { parameterType: 'NUMBER_INTEGER', isOptional: true }
  const parameters = schemaVersion === '2.0.0' ? { word: text } : { word: text, times }
  return {
    pipelineInfo: { name: 'shell' },
    schemaVersion,
    sdkVersion: 'kfp-2.17.0',
    components,
    deploymentSpec: { executors },
    root: { dag: { tasks: dag }, inputDefinitions: { parameters } },
  }
}

/** A job that says `word` with each of its tasks. */
export const say = 'echo "saying $0"; printf "%s" "$0" > "$1"; printf "{}" > "$2"'
