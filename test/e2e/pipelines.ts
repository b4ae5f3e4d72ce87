import { stringify } from 'yaml'
import type { Json, JsonObject } from '../../src/domain/json.ts'

/** `$0` the folder of ready models, `$1` the factor, `$2` the accuracy, `$3` new files, `$4` the model, `$5` the executor's answer. */
const trainScript = [
  'sleep "$(cat "$0/pace")"',
  'cp -R "$0/times-$1" "$4"',
  'echo "a model that answers $1 times x, from $3"',
  `printf '{"artifacts": {"metrics": {"artifacts": [{"metadata": {"accuracy": %s, "mae": 0.25}}]}}}' "$2" > "$5"`,
].join('\n')

const input = (name: string): string => `{{$.inputs.parameters['${name}']}}`
const artifact = (schemaTitle: string): JsonObject => ({ artifactType: { schemaTitle, schemaVersion: '0.0.1' } })

/**
 * A compiled pipeline with one task, a process of its own that takes as long as the file `pace` beside the models says:
 * it picks the ready model `times-<factor>` and says that it is `accuracy` good.
 */
const trainingPipeline = (): JsonObject => {
  const parameters = {
    models: { parameterType: 'STRING' },
    factor: { parameterType: 'NUMBER_INTEGER' },
    accuracy: { parameterType: 'NUMBER_DOUBLE' },
    files: { parameterType: 'LIST', isOptional: true, defaultValue: [] },
  }
  const names = Object.keys(parameters)
  return {
    schemaVersion: '2.1.0',
    sdkVersion: 'kfp-2.17.0',
    pipelineInfo: { name: 'numbers' },
    components: {
      'comp-train': {
        executorLabel: 'exec-train',
        inputDefinitions: { parameters },
        outputDefinitions: { artifacts: { model: artifact('system.Model'), metrics: artifact('system.Metrics') } },
      },
    },
    deploymentSpec: {
      executors: {
        'exec-train': {
          container: {
            image: 'example/train:1',
            command: ['sh', '-ec', trainScript],
            args: [...names.map(input), "{{$.outputs.artifacts['model'].path}}", '{{$.outputs.output_file}}'],
          },
        },
      },
    },
    root: {
      inputDefinitions: { parameters },
      dag: {
        tasks: {
          train: {
            componentRef: { name: 'comp-train' },
            taskInfo: { name: 'train' },
            cachingOptions: {},
            inputs: {
              parameters: Object.fromEntries(names.map((name) => [name, { componentInputParameter: name }])),
            },
          },
        },
      },
    },
  }
}

/** `winnow.yaml` with one pipeline `numbers`, which begins with each push that touches it and with new files. */
export const numbersYaml = (parameters: JsonObject, more: Readonly<Record<string, Json>> = {}): string =>
  stringify({
    version: 1,
    pipelines: {
      numbers: {
        ir: 'pipelines/numbers.json',
        parameters,
        model: 'numbers',
        policy: 'policies/numbers.yaml',
        on: {
          push: { branches: ['main'], paths: ['winnow.yaml', 'pipelines/numbers.json'] },
          data: { uri: 'file:incoming/*.csv', quiet: '3s', maxWait: '1m', into: 'files' },
        },
      },
      ...more,
    },
    environments: { dev: { target: 'local', endpoint: 'numbers' } },
  })

/** The files of a repository whose pipeline `numbers` passes from an accuracy of 0.9 on. */
export const numbersFiles = (parameters: JsonObject): Record<string, string> => ({
  'winnow.yaml': numbersYaml(parameters),
  'pipelines/numbers.json': JSON.stringify(trainingPipeline()),
  'policies/numbers.yaml': 'version: 1\nmodel: numbers\ngates:\n  good enough: {metric: accuracy, atLeast: 0.9}\n',
})
