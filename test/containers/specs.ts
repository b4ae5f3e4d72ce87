import type { JsonObject } from '../../src/domain/json.ts'

const outputFile = "{{$.outputs.parameters['said'].output_file}}"
const artifactPath = "{{$.outputs.artifacts['note'].path}}"

/** A pipeline of one container, with an output `said` that it writes where it likes. */
export const oneContainer = (container: JsonObject, task: JsonObject = {}): JsonObject => ({
  schemaVersion: '2.1.0',
  sdkVersion: 'kfp-2.17.0',
  pipelineInfo: { name: 'one' },
  components: {
    'comp-work': {
      executorLabel: 'exec-work',
      outputDefinitions: { parameters: { said: { parameterType: 'STRING' } } },
    },
  },
  deploymentSpec: { executors: { 'exec-work': { container } } },
  root: {
    dag: {
      tasks: {
        work: { componentRef: { name: 'comp-work' }, taskInfo: { name: 'work' }, cachingOptions: {}, ...task },
      },
    },
  },
})

/** A shell script whose `$0` is the file of the output `said`. */
export const shell = (script: string, more: JsonObject = {}): JsonObject => ({
  image: 'localhost/winnow-test/busybox:1',
  command: ['/bin/sh', '-c', script],
  args: [outputFile],
  ...more,
})

/** `write` leaves an artifact; `read` says its content, and does one thing more with its input, `$0`, and output, `$1`. */
export const twoContainers = (image: string, then = 'true'): JsonObject => ({
  schemaVersion: '2.1.0',
  sdkVersion: 'kfp-2.17.0',
  pipelineInfo: { name: 'two' },
  components: {
    'comp-write': {
      executorLabel: 'exec-write',
      outputDefinitions: { artifacts: { note: { artifactType: { schemaTitle: 'system.Artifact' } } } },
    },
    'comp-read': {
      executorLabel: 'exec-read',
      inputDefinitions: { artifacts: { note: { artifactType: { schemaTitle: 'system.Artifact' } } } },
      outputDefinitions: { parameters: { said: { parameterType: 'STRING' } } },
    },
  },
  deploymentSpec: {
    executors: {
      'exec-write': {
        container: {
          image,
          command: ['/bin/sh', '-c', 'mkdir -p "$(dirname "$0")"; echo a note > "$0"'],
          args: [artifactPath],
        },
      },
      'exec-read': {
        container: {
          image,
          command: ['/bin/sh', '-c', `mkdir -p "$(dirname "$1")"; cat "$0" > "$1"; ${then}`],
          args: ["{{$.inputs.artifacts['note'].path}}", outputFile],
        },
      },
    },
  },
  root: {
    dag: {
      tasks: {
        write: {
          componentRef: { name: 'comp-write' },
          taskInfo: { name: 'write' },
          cachingOptions: { enableCache: true },
        },
        read: {
          componentRef: { name: 'comp-read' },
          taskInfo: { name: 'read' },
          cachingOptions: { enableCache: true },
          dependentTasks: ['write'],
          inputs: { artifacts: { note: { taskOutputArtifact: { producerTask: 'write', outputArtifactKey: 'note' } } } },
        },
      },
    },
  },
})
