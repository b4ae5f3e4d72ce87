import { describe, expect, it } from 'vitest'
import type { Json } from '../domain/json.ts'
import { resolveContainerArguments } from './container-arguments.ts'
import type { JobContext, ReadyTask, RuntimeArtifact } from './execution.ts'
import { containerScope, type ExecutorLayout, executorInput } from './executor-input.ts'

const job: JobContext = {
  resourceName: 'projects/p/locations/l/pipelineJobs/job-1',
  jobId: 'job-1',
  jobUuid: '4711',
  project: 'p',
  location: 'l',
  pipelineRoot: '/runs',
  workspacePath: '/scratch',
  taskId: () => '42',
  artifactUri: (path, output) => `/runs/${path}/${output}`,
}
const data: RuntimeArtifact = {
  name: 'd',
  uri: 'gs://b/d',
  type: { schemaTitle: 'system.Dataset' },
  metadata: { rows: 3, nested: { a: ['x'] }, resourceName: 'projects/1' },
}
const task: ReadyTask = {
  path: 'root.train',
  name: 'train',
  displayName: 'Train it',
  componentName: 'comp-train',
  executor: { kind: 'container', image: 'i', command: [], args: [], env: {}, resources: {} },
  inputs: {
    parameters: { text: 'a "b" {{$}} \\ c', n: 3, x: 0.5, flag: true, list: [1, 'a'], struct: { k: 1 }, nothing: null },
    artifacts: { data: [data], many: [data, { ...data, uri: 'gs://b/e' }], none: [] },
  },
  outputs: {
    parameters: { metric: 'NUMBER_DOUBLE' },
    artifacts: { model: { type: { schemaTitle: 'system.Model' }, isList: false } },
  },
  inputDefinitions: { parameters: { extra: { isOptional: true } }, artifacts: { maybe: { isOptional: true } } },
  cacheable: false,
  cacheKey: null,
  retry: { maxRetries: 0, backoffMs: 0, factor: 2, maxBackoffMs: 0 },
}
const layout: ExecutorLayout = {
  parameterFile: (output) => `/t/${output}`,
  artifactUri: (output) => `/runs/train/${output}`,
  artifactName: (output) => `artifacts/${output}`,
  outputFile: '/t/executor_output.json',
  localPath: (uri) => uri.replace('gs://', '/mnt/'),
  artifactValue: () => 'held',
}
const scope = containerScope(task, job, layout)
const resolve = (...parts: Json[]): string[] => resolveContainerArguments(parts, scope)
const input = (name: string): string => `{{$.inputs.parameters['${name}']}}`

describe('placeholders', () => {
  it.each<[string, string]>([
    [input('text'), 'a "b" {{$}} \\ c'],
    [`--n=${input('n')},${input('x')}`, '--n=3,0.5'],
    [input('flag'), 'true'],
    [input('list'), '[1,"a"]'],
    [input('struct'), '{"k":1}'],
    [input('nothing'), ''],
    [input('extra'), ''],
    ['{{$.inputs.parameters["n"]}}', '3'],
    ["{{$.inputs.artifacts['data'].uri}}", 'gs://b/d'],
    ["{{$.inputs.artifacts['data'].path}}", '/mnt/b/d'],
    ["{{$.inputs.artifacts['data'].value}}", 'held'],
    ["{{$.inputs.artifacts['data'].name}}", 'd'],
    ["{{$.inputs.artifacts['data'].metadata['rows']}}", '3'],
    ["{{$.inputs.artifacts['data'].metadata['nested']['a'][0]}}", 'x'],
    ["{{$.inputs.artifacts['data'].metadata['resourceName']}}", 'projects/1'],
    ["{{$.inputs.artifacts['data'].metadata['missing']}}", ''],
    ["{{$.inputs.artifacts['many'][1].uri}}", 'gs://b/e'],
    ["{{$.inputs.artifacts['maybe'].uri}}", ''],
    ["{{$.outputs.artifacts['model'].uri}}", '/runs/train/model'],
    ["{{$.outputs.artifacts['model'].path}}", '/runs/train/model'],
    ["{{$.outputs.parameters['metric'].output_file}}", '/t/metric'],
    ['{{$.outputs.output_file}}', '/t/executor_output.json'],
    ['{{$.pipeline_job_name}} {{$.pipeline_job_uuid}}', 'job-1 4711'],
    ['{{$.pipeline_job_resource_name}}', 'projects/p/locations/l/pipelineJobs/job-1'],
    ['{{$.pipeline_task_name}}/{{$.pipeline_task_uuid}}', 'Train it/42'],
    ['{{$.pipeline_root}} {{$.workspace_path}}', '/runs /scratch'],
    ['{{$.pipeline_google_cloud_project_id}}/{{$.pipeline_google_cloud_location}}', 'p/l'],
    ["{{$.inputs.parameters['text'].json_escape[1]}}", 'a \\"b\\" {{$}} \\\\ c'],
    ["{{$.inputs.parameters['text'].json_escape[2]}}", 'a \\\\\\"b\\\\\\" {{$}} \\\\\\\\ c'],
    ['{{ not ours }} $x {{$ ', '{{ not ours }} $x {{$ '],
  ])('%s', (text, expected) => {
    expect(resolve(text)).toEqual([expected])
  })

  it('stands for the whole artifact where no field is named', () => {
    expect(JSON.parse(resolve("{{$.inputs.artifacts['data']}}")[0] ?? '')).toEqual(data)
  })

  it('escapes the whole executor input into a JSON text', () => {
    const [escaped] = resolve('["{{$.json_escape[1]}}"]')
    expect(JSON.parse((JSON.parse(escaped ?? '') as string[])[0] ?? '')).toEqual(executorInput(task, layout))
  })

  it.each<[string, RegExp]>([
    [input('txt'), /there is no input "txt" \(did you mean "text"\?\)/],
    ["{{$.inputs.artifacts['date'].uri}}", /did you mean "data"/],
    ["{{$.outputs.parameters['metrics'].output_file}}", /did you mean "metric"/],
    ["{{$.inputs.artifacts['data'].size}}", /artifacts have uri, path/],
    ['{{$.pipeline_job_nam}}', /did you mean "pipeline_job_name"/],
    ["{{$.inputs.things['x']}}", /"parameters" and "artifacts"/],
    ["{{$.inputs.parameters['constructor']}}", /there is no input "constructor"/],
    ['{{$.constructor}}', /nothing is called "constructor"/],
  ])('refuses %s', (text, message) => {
    expect(() => resolve(text)).toThrow(message)
  })
})

describe('IfPresent and Concat', () => {
  const ifPresent = (name: string, then: Json, otherwise?: Json) => ({
    IfPresent: { InputName: name, Then: then, ...(otherwise === undefined ? {} : { Else: otherwise }) },
  })
  it.each<[string, Json, string[]]>([
    ['a list where present', ifPresent('n', ['--n', input('n')]), ['--n', '3']],
    ['nothing where absent', ifPresent('extra', ['--extra', input('extra')]), []],
    ['the else where absent', ifPresent('extra', '--e', ['--no', '--extra']), ['--no', '--extra']],
    ['null as absent', ifPresent('nothing', 'yes', 'no'), ['no']],
    ['an artifact', ifPresent('data', "{{$.inputs.artifacts['data'].uri}}"), ['gs://b/d']],
    ['an empty list of artifacts as absent', ifPresent('none', 'yes', 'no'), ['no']],
    ['a concat of texts', { Concat: ['--t=', input('text'), '-', input('n')] }, ['--t=a "b" {{$}} \\ c-3']],
    [
      'a structure in a structure',
      { Concat: ['{', ifPresent('n', { Concat: ['"n": ', input('n')] }), ifPresent('extra', ', 1'), '}'] },
      ['{"n": 3}'],
    ],
    ['a concat in an IfPresent', ifPresent('n', { Concat: ['--n=', input('n')] }), ['--n=3']],
  ])('%s, as an object and as the text that kfp writes', (_, structure, expected) => {
    expect(resolve(structure)).toEqual(expected)
    expect(resolve(JSON.stringify(structure))).toEqual(expected)
  })

  it('leaves other JSON texts alone and refuses other objects', () => {
    expect(resolve('{"a": {"IfPresent": 1}}')).toEqual(['{"a": {"IfPresent": 1}}'])
    expect(resolve('{"Concat": [')).toEqual(['{"Concat": ['])
    expect(() => resolve({ Other: 1 })).toThrow(/an IfPresent or a Concat, not \{Other\}/)
    expect(() => resolve({ IfPresent: { Then: 'x' } })).toThrow(/InputName/)
  })
})

describe('the executor input', () => {
  it('has what kfp reads', () => {
    expect(executorInput(task, layout)).toEqual({
      inputs: {
        parameterValues: task.inputs.parameters,
        artifacts: {
          data: { artifacts: [data] },
          many: { artifacts: task.inputs.artifacts['many'] },
          none: { artifacts: [] },
        },
      },
      outputs: {
        parameters: { metric: { outputFile: '/t/metric' } },
        artifacts: {
          model: {
            artifacts: [
              {
                name: 'artifacts/model',
                uri: '/runs/train/model',
                type: { schemaTitle: 'system.Model' },
                metadata: {},
              },
            ],
          },
        },
        outputFile: '/t/executor_output.json',
      },
    })
    expect(JSON.parse(resolve('{{$}}')[0] ?? '')).toEqual(executorInput(task, layout))
  })
})
