import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import {
  artifact,
  compile,
  compileToYaml,
  componentFromYaml,
  Dataset,
  defineComponent,
  type IntegerType,
  integer,
  type Optional,
  pipeline,
  type StringType,
} from '../../src/pipelines/authoring/index.ts'
import { checkPipelineSpec } from '../../src/pipelines/parse-pipeline.ts'
import { runProcess, scrubbedEnvironment } from '../../src/processes/run-process.ts'
import { sharedEnvironments } from '../automl/environments.ts'
import { inlined } from './inlined.ts'

let python: string
let specs: Record<string, JsonObject>

const local = async (how: string, stdin = ''): Promise<string> => {
  const args = ['-W', 'ignore', join(import.meta.dirname, 'twins/local.py'), how]
  // kfp.local starts the `python3` of its PATH.
  const PATH = `${join(python, '..')}:${process.env['PATH']}`
  const request = { command: python, args, cwd: import.meta.dirname, env: { ...scrubbedEnvironment(), PATH }, stdin }
  const { exitCode, stdout, stderr } = await runProcess(request)
  if (exitCode !== 0) throw new Error(stderr)
  return stdout
}

beforeAll(async () => {
  python = (await sharedEnvironments().ensure(['kfp==2.17.0'])).python
  specs = JSON.parse(await local('compile')) as Record<string, JsonObject>
}, 300_000)

describe('components of Python, imported', () => {
  it('are run by kfp.local within a pipeline of TypeScript', async () => {
    const square = componentFromYaml<{ n: IntegerType }, { Output: IntegerType }>(JSON.stringify(specs['square']))
    const total = componentFromYaml<{ a: IntegerType; b: Optional<IntegerType> }, { Output: IntegerType }>(
      JSON.stringify(specs['total']),
    )
    const sum = pipeline('sum', { inputs: { n: integer() } }, ({ n }) => {
      const first = total({ a: square({ n }).output })
      return total({ a: first.output, b: n }).output
    })
    const printed = await local('run', compileToYaml(sum))
    expect(JSON.parse(/^OUTPUTS (.*)$/m.exec(printed)?.[1] ?? 'null')).toEqual({ Output: 4 * 4 + 1 + 4 })
  })

  it('may be whole pipelines, and be used twice', () => {
    const twice = componentFromYaml<{ n: IntegerType }, { Output: IntegerType }>(JSON.stringify(specs['twice']))
    const around = compile(
      pipeline('around', { inputs: { n: integer() } }, ({ n }) => twice({ n: twice({ n }).output }).output),
    )
    checkPipelineSpec(around)
    const theirs = (inlined(specs['twice'] ?? {})['root'] as { dag: JsonObject }).dag
    const { tasks } = (inlined(around as unknown as JsonObject)['root'] as { dag: { tasks: JsonObject } }).dag
    for (const task of Object.values(tasks))
      expect((task as { component: JsonObject }).component['dag']).toEqual(theirs)
  })
})

describe('a component.yaml of the first version', () => {
  const text = `
name: Split rows
inputs:
- {name: Rows, type: Dataset}
- {name: Rate, type: Float, default: '0.5'}
- {name: Note, type: String, optional: true}
outputs:
- {name: Train set, type: Dataset}
- {name: Count, type: Integer}
implementation:
  container:
    image: alpine
    command: [sh, -c, 'split "$@"', {concat: ['--rate=', {inputValue: Rate}]}]
    args:
    - {inputPath: Rows}
    - {outputPath: Train set}
    - {outputPath: Count}
    - if: {cond: {isPresent: Note}, then: [--note, {inputValue: Note}], else: [--none]}
`
  it('has the placeholders of the IR', () => {
    const split = componentFromYaml<{ rows: ReturnType<typeof artifact>; note: Optional<StringType> }>(text)
    const make = defineComponent({ name: 'make', outputs: { data: artifact(Dataset) }, run: () => {} })
    const spec = compile(pipeline('p', {}, () => void split({ rows: make().output })))
    expect(spec.components?.['comp-split-rows']?.inputDefinitions?.parameters).toEqual({
      rate: { parameterType: 'NUMBER_DOUBLE', isOptional: true, defaultValue: 0.5 },
      note: { parameterType: 'STRING', isOptional: true },
    })
    expect(spec.deploymentSpec?.executors?.['exec-split-rows']?.container).toEqual({
      image: 'alpine',
      command: ['sh', '-c', 'split "$@"', `{"Concat": ["--rate=", "{{$.inputs.parameters['rate']}}"]}`],
      args: [
        "{{$.inputs.artifacts['rows'].path}}",
        "{{$.outputs.artifacts['train_set'].path}}",
        "{{$.outputs.parameters['count'].output_file}}",
        `{"IfPresent": {"InputName": "note", "Then": ["--note", "{{$.inputs.parameters['note']}}"], "Else": ["--none"]}}`,
      ],
    })
  })
})
