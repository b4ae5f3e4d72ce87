import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../src/domain/json.ts'
import { createLog } from '../../src/log.ts'
import type { RuntimeArtifact, TaskOutputs } from '../../src/pipelines/execution.ts'
import { createAddresses } from '../../src/platform/addresses.ts'
import { findNativeComponent } from '../../src/platform/components/catalogue.ts'
import type { ComponentCall } from '../../src/platform/components/component.ts'
import { createPlatform, type Platform } from '../../src/platform/platform.ts'
import type { Message } from '../../src/platform/services.ts'
import { sharedEnvironments } from './environments.ts'
import { fruit, writeCsv } from './fruit.ts'

const place = 'projects/orchard/locations/here'
const environments = sharedEnvironments()
let root: string
let platform: Platform
let map: Record<string, string>
let count = 0

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'winnow-components-'))
  const data = await writeCsv(join(root, 'fruit.csv'), fruit(400))
  map = {
    'bq://orchard.harvest.fruit': data,
    'bq://orchard.harvest.gone': join(root, 'gone.csv'),
    'bq://orchard.harvest.tested': join(root, 'tested.jsonl'),
    'gs://orchard/': `${root}/`,
  }
  platform = await createPlatform({ root: join(root, 'platform'), addresses: map, log: createLog('silent') })
}, 300_000)
afterAll(async () => {
  await platform?.close()
  await rm(root, { recursive: true, force: true })
})

interface Step {
  readonly args: readonly string[]
  readonly artifacts?: Readonly<Record<string, RuntimeArtifact>>
  readonly outputs?: readonly string[]
  readonly log?: string[]
}

const run = async ({ args, artifacts = {}, outputs = [], log = [] }: Step): Promise<TaskOutputs> => {
  count += 1
  const folder = join(root, `task-${count}`)
  await mkdir(folder)
  const component = findNativeComponent('an image', args.slice(0, 3), args.slice(3))
  if (component === undefined) throw new Error(`no native component for ${args.join(' ')}`)
  const call: ComponentCall = {
    task: {
      path: 'root.step',
      name: 'step',
      displayName: 'step',
      componentName: 'comp-step',
      executor: { kind: 'container', image: 'an image', command: [], args: [], env: {}, resources: {} },
      inputs: {
        parameters: {},
        artifacts: Object.fromEntries(Object.entries(artifacts).map(([name, artifact]) => [name, [artifact]])),
      },
      outputs: {
        parameters: { gcp_resources: 'STRING' },
        artifacts: Object.fromEntries(
          outputs.map((name) => [name, { type: { schemaTitle: `google.${name}` }, isList: false }]),
        ),
      },
      inputDefinitions: {},
      cacheable: true,
      cacheKey: null,
      retry: { maxRetries: 0, backoffMs: 0, factor: 1, maxBackoffMs: 0 },
    },
    args,
    outputUris: Object.fromEntries(outputs.map((name) => [name, `file://${folder}/out/${name}`])),
    runCustomJob: () => Promise.reject(new Error('no custom jobs here')),
    fillIn: (text) => text,
    folder,
    job: { resourceName: `${place}/pipelineJobs/harvest`, project: 'orchard', location: 'here', labels: { run: '7' } },
    log: (line) => void log.push(line),
  }
  const addresses = createAddresses({ map, root })
  return component(call, { services: platform.services, addresses, environments }, new AbortController().signal)
}

const runner = (cls: string, method: string, options: Record<string, string>): string[] => {
  const module = 'google_cloud_pipeline_components.container.v1.aiplatform.remote_runner'
  const names = ['--cls_name', cls, '--method_name', method]
  return [
    'python3',
    '-m',
    module,
    ...names,
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
  ]
}
const launcher = (module: string, type: string, payload: Json, more: string[] = []): string[] => {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const name = `google_cloud_pipeline_components.container.v1.${module}.launcher`
  const where = ['--project', 'orchard', '--location', 'here', '--gcp_resources', '/nowhere']
  return ['python3', '-u', '-m', name, '--type', type, '--payload', text, ...where, ...more]
}

const datasetArgs = (options: Record<string, string>): string[] =>
  runner('TabularDataset', 'create', {
    'method.project': 'orchard',
    'method.location': 'here',
    'method.display_name': 'fruit',
    'method.labels': '{}',
    executor_input: '{}',
    ...options,
  })
const trainingArgs = (options: Record<string, string>): string[] =>
  runner('AutoMLTabularTrainingJob', 'run', {
    'init.project': 'orchard',
    'init.location': 'here',
    'init.display_name': 'fruit',
    'init.optimization_prediction_type': 'classification',
    'init.labels': '{}',
    'method.target_column': 'kind',
    'method.disable_early_stopping': 'False',
    'method.export_evaluated_data_items': 'False',
    executor_input: '{}',
    ...options,
  })
const only = (outputs: TaskOutputs, name: string): RuntimeArtifact => outputs.artifacts[name]?.[0] as RuntimeArtifact
const nameOf = (artifact: RuntimeArtifact): string => String(artifact.metadata['resourceName'])
const call = (service: 'ModelService' | 'EndpointService' | 'PredictionService', method: string, request: Message) =>
  platform.services.call(service, method, request)

describe('the way of a model', () => {
  let dataset: string
  let model: RuntimeArtifact
  let endpoint: RuntimeArtifact
  const log: string[] = []

  beforeAll(async () => {
    const created = await run({
      args: datasetArgs({ 'method.bq_source': 'bq://orchard.harvest.fruit' }),
      outputs: ['dataset'],
    })
    dataset = nameOf(only(created, 'dataset'))
    expect(only(created, 'dataset')).toMatchObject({
      uri: `https://here-aiplatform.googleapis.com/v1/${dataset}`,
      type: { schemaTitle: 'google.dataset' },
    })
    const trained = await run({
      args: trainingArgs({
        'method.dataset': dataset,
        'method.model_display_name': 'sorter',
        'method.model_labels': '{"fruit": "yes"}',
        'method.model_version_aliases': '["fresh"]',
        'init.column_specs': '{"weight": "numeric", "size": "auto", "colour": "categorical"}',
        'method.export_evaluated_data_items': 'True',
        'method.export_evaluated_data_items_bigquery_destination_uri': 'bq://orchard.harvest.tested',
      }),
      outputs: ['model'],
      log,
    })
    model = only(trained, 'model')
    const made = await run({
      args: launcher('endpoint.create_endpoint', 'CreateEndpoint', {
        display_name: 'fruit',
        description: '',
        labels: {},
      }),
      outputs: ['endpoint'],
    })
    endpoint = only(made, 'endpoint')
    const [resource] = (JSON.parse(String(made.parameters['gcp_resources'])) as { resources: JsonObject[] }).resources
    expect(resource).toMatchObject({ resourceType: 'VertexLro' })
    expect(resource?.['resourceUri']).toMatch(/^https:\/\/here-aiplatform.googleapis.com\/v1\/projects\/.*operations/)
  }, 300_000)

  it('registers the trained model with its evaluation and a slice for each class', async () => {
    const found = await call('ModelService', 'getModel', { name: nameOf(model) })
    expect(found).toMatchObject({
      displayName: 'sorter',
      labels: { fruit: 'yes', run: '7' },
      versionAliases: ['default', 'fresh'],
      versionId: '1',
      pipelineJob: `${place}/pipelineJobs/harvest`,
    })
    expect(model.metadata).toEqual({ resourceName: nameOf(model), versionId: '1' })
    const listed = await call('ModelService', 'listModelEvaluations', { parent: nameOf(model) })
    const [evaluation] = listed['modelEvaluations'] as JsonObject[]
    expect(evaluation?.['metricsSchemaUri']).toMatch(/classification_metrics/)
    const metrics = evaluation?.['metrics'] as JsonObject
    expect(metrics['auRoc']).toBeGreaterThan(0.8)
    const { modelEvaluationSlices } = await call('ModelService', 'listModelEvaluationSlices', {
      parent: evaluation?.['name'] as string,
    })
    const slices = modelEvaluationSlices as { slice: JsonObject }[]
    expect(
      slices.map(({ slice }) => slice).sort((a, b) => String(a['value']).localeCompare(String(b['value']))),
    ).toEqual(['apple', 'pear', 'plum'].map((value) => ({ dimension: 'annotationSpec', value })))
    expect(log.join('\n')).toMatch(/Rows: \d+ training/)
    const { rows } = (evaluation?.['metadata'] ?? {}) as { rows: JsonObject }
    const exported = (await readFile(join(root, 'tested.jsonl'), 'utf8')).trimEnd().split('\n')
    expect(exported.length).toBe(Number(rows['test']))
  })

  it('deploys it, with a split given as texts, and it predicts', async () => {
    const payload = {
      endpoint: nameOf(endpoint),
      traffic_split: { '0': '100' },
      deployed_model: {
        model: nameOf(model),
        dedicated_resources: {
          machine_spec: { machine_type: 'n1-standard-4', accelerator_type: '', accelerator_count: 0 },
          min_replica_count: 1,
          max_replica_count: 1,
        },
        automatic_resources: { min_replica_count: 0, max_replica_count: 0 },
        service_account: '',
        disable_container_logging: false,
        enable_access_logging: false,
        explanation_spec: { parameters: {}, metadata: {} },
      },
    }
    const notes: string[] = []
    await run({ args: launcher('endpoint.deploy_model', 'DeployModel', payload), log: notes })
    expect(notes[0]).toContain('dedicated_resources has no effect here')
    const instances = [{ weight: '150', size: 7, colour: 'red' }]
    const { predictions } = await call('PredictionService', 'predict', { endpoint: nameOf(endpoint), instances })
    expect((predictions as JsonObject[])[0]).toMatchObject({ classes: ['apple', 'pear', 'plum'] })

    await run({
      args: launcher('endpoint.undeploy_model', 'UndeployModel', {
        endpoint: nameOf(endpoint),
        model: `${nameOf(model)}@1`,
        traffic_split: {},
      }),
    }).catch((error: unknown) => expect(String(error)).toMatch(/traffic/))
  })

  it('serves from an endpoint that had nothing, where no split is given', async () => {
    const parent = nameOf(endpoint).split('/').slice(0, 4).join('/')
    await call('EndpointService', 'createEndpoint', {
      parent,
      endpointId: 'fresh',
      endpoint: { displayName: 'fresh' },
    })
    const name = `${parent}/endpoints/fresh`
    const payload = { endpoint: name, traffic_split: {}, deployed_model: { model: nameOf(model) } }
    const notes: string[] = []
    const deploy = () => run({ args: launcher('endpoint.deploy_model', 'DeployModel', payload), log: notes })
    await deploy()
    const shares = async () =>
      Object.values((await call('EndpointService', 'getEndpoint', { name }))['trafficSplit'] as JsonObject)
    expect(await shares()).toEqual([100])
    expect(notes.join()).toContain('all traffic')
    // A second one changes nothing of who serves.
    await deploy()
    expect(await shares()).toEqual([100])
  })

  it('adds a version to a parent model without moving default', async () => {
    const unmanaged: RuntimeArtifact = {
      name: 'unmanaged',
      uri: String((await call('ModelService', 'getModel', { name: nameOf(model) }))['artifactUri']),
      type: {},
      metadata: {},
    }
    const payload = {
      display_name: 'sorter',
      description: 'line one\nline two',
      explanation_spec: { parameters: {}, metadata: {} },
      encryption_spec: { kms_key_name: '' },
      version_aliases: ['copy'],
      labels: {},
      pipeline_job: 'any',
    }
    // A launcher's payload is put together from pieces: a line break stands in it as it is.
    const text = JSON.stringify(payload).replace('\\n', '\n')
    const uploaded = await run({
      args: launcher('model.upload_model', 'UploadModel', text, ['--parent_model_name', `${nameOf(model)}@1`]),
      artifacts: { unmanaged_container_model: unmanaged },
      outputs: ['model'],
    })
    expect(nameOf(only(uploaded, 'model'))).toBe(`${nameOf(model)}@2`)
    const found = await call('ModelService', 'getModel', { name: `${nameOf(model)}@copy` })
    expect(found).toMatchObject({ versionId: '2', description: 'line one\nline two' })
    const standard = await call('ModelService', 'getModel', { name: nameOf(model) })
    expect(standard['versionId']).toBe('1')
  })

  it('predicts a file in a batch', async () => {
    const lines = [
      { weight: 60, size: 4, colour: 'blue' },
      { weight: 60, colour: 'blue' },
    ]
    await writeFile(join(root, 'batch.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'))
    const payload = {
      display_name: 'batch',
      model: nameOf(model),
      input_config: {
        instances_format: 'jsonl',
        gcs_source: { uris: ['gs://orchard/batch.jsonl'] },
        bigquery_source: { input_uri: '' },
      },
      instance_config: { instance_type: '', key_field: '' },
      model_parameters: {},
      output_config: {
        predictions_format: 'jsonl',
        gcs_destination: { output_uri_prefix: 'gs://orchard/out' },
        bigquery_destination: { output_uri: '' },
      },
    }
    const step = { outputs: ['batchpredictionjob', 'gcs_output_directory', 'bigquery_output_table'] }
    const done = await run({ ...step, args: launcher('batch_prediction_job', 'BatchPredictionJob', payload) })
    const directory = only(done, 'gcs_output_directory').uri.replace('gs://orchard', root)
    const result = await readFile(join(directory, 'prediction.results-00000-of-00001'), 'utf8')
    expect(JSON.parse(result)).toMatchObject({ prediction: { classes: ['apple', 'pear', 'plum'] } })
    expect(await readFile(join(directory, 'prediction.errors_stats-00000-of-00001'), 'utf8')).toContain('size')
    expect(done.artifacts['bigquery_output_table']).toBeUndefined()

    const asArray = { ...payload, instance_config: { instance_type: 'array' } }
    await expect(
      run({ ...step, args: launcher('batch_prediction_job', 'BatchPredictionJob', asArray) }),
    ).rejects.toThrow(/instance_type "array"/)
  })
})

describe('what is refused', () => {
  it.each<[string, () => string[], string, RegExp]>([
    [
      'a source that is mapped to nothing',
      () => datasetArgs({ 'method.gcs_source': 'gs://other/x.csv' }),
      'address_unmapped',
      /gs:\/\/other/,
    ],
    [
      'two sources',
      () => datasetArgs({ 'method.gcs_source': 'gs://orchard/fruit.csv', 'method.bq_source': 'bq://x' }),
      'component_unsupported',
      /bq_source/,
    ],
    [
      'encryption',
      () => datasetArgs({ 'method.encryption_spec_key_name': 'key' }),
      'component_unsupported',
      /encryption_spec_key_name/,
    ],
    [
      'an argument that nobody knows',
      () => trainingArgs({ 'method.speed': 'high' }),
      'component_unsupported',
      /argument speed/,
    ],
    [
      'a small budget',
      () => trainingArgs({ 'method.budget_milli_node_hours': '999' }),
      'component_unsupported',
      /budget_milli_node_hours is 999/,
    ],
    [
      'another prediction type',
      () => trainingArgs({ 'init.optimization_prediction_type': 'forecast' }),
      'component_unsupported',
      /forecast/,
    ],
    [
      'a text column',
      () => trainingArgs({ 'init.column_transformations': '[{"text": {"column_name": "note"}}]' }),
      'component_unsupported',
      /"text" of note/,
    ],
    [
      'fractions above 1',
      () => trainingArgs({ 'method.training_fraction_split': '0.9', 'method.test_fraction_split': '0.2' }),
      'component_unsupported',
      /sum to 1\.1/,
    ],
    [
      'two splits',
      () => trainingArgs({ 'method.predefined_split_column_name': 'p', 'method.test_fraction_split': '0.2' }),
      'component_unsupported',
      /another split/,
    ],
    [
      'a payload that is no JSON',
      () => launcher('endpoint.create_endpoint', 'CreateEndpoint', '{"display_name": "a"b"}'),
      'component_unsupported',
      /EndpointCreateOp/,
    ],
    [
      'an explanation',
      () =>
        launcher('endpoint.deploy_model', 'DeployModel', {
          endpoint: `${place}/endpoints/1`,
          deployed_model: { model: 'm', explanation_spec: { parameters: { top_k: 3 } } },
        }),
      'component_unsupported',
      /explanation_spec/,
    ],
    [
      'an endpoint that is none',
      () => launcher('endpoint.deploy_model', 'DeployModel', { endpoint: '', deployed_model: { model: 'm' } }),
      'component_unsupported',
      /not the name of an endpoint/,
    ],
  ])('%s', async (_, args, code, message) => {
    const failure = (await run({ args: args() }).catch((error: unknown) => error)) as Error & { code: string }
    expect(failure.message).toMatch(message)
    expect(failure.code).toBe(code)
  })

  it('data that is not there, or no longer', async () => {
    const args = datasetArgs({ 'method.bq_source': 'bq://orchard.harvest.gone' })
    await expect(run({ args, outputs: ['dataset'] })).rejects.toThrow(/gone.csv, which cannot be read/)
    await writeFile(join(root, 'gone.csv'), 'weight,kind\n')
    const dataset = nameOf(only(await run({ args, outputs: ['dataset'] }), 'dataset'))
    await rm(join(root, 'gone.csv'))
    const training = run({ args: trainingArgs({ 'method.dataset': dataset }) })
    await expect(training).rejects.toMatchObject({ code: 'artifact_missing' })
  })

  it('nothing that it does not know', () => {
    const module = 'google_cloud_pipeline_components.container.v1'
    expect(findNativeComponent('i', ['python3', '-m', `${module}.bigquery.create_model.launcher`], [])).toBeUndefined()
    expect(findNativeComponent('i', runner('TextDataset', 'create', {}), [])).toBeUndefined()
    expect(findNativeComponent('i', ['sh', '-c', 'echo'], [])).toBeUndefined()
  })
})
