import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { JsonObject } from '../../src/domain/json.ts'
import { gcpcRequirements } from '../../src/platform/engine/work/gcpc.ts'
import { createPythonEnvironments } from '../../src/processes/python-environments.ts'
import { writeLinearModel } from '../platform/linear-model.ts'
import { environmentsFolder, openSite, type Site } from '../platform/site.ts'
import { until } from '../platform/until.ts'
import { type Caller, caller } from '../rest/call.ts'

// Where the components believe themselves to be.
const place = '/v1/projects/farm/locations/us-central1'

let site: Site
let call: Caller
beforeAll(async () => {
  const requirements = gcpcRequirements({ module: '', version: '2.22.0', needs: undefined })
  await createPythonEnvironments({ folder: environmentsFolder }).ensure(requirements)
  site = await openSite({ prebuilt: 'own', containers: 'host', parallelism: 2, addresses: { 'gs://farm/': 'bucket' } })
  call = caller(site.platform.httpPort)
}, 600_000)
afterAll(() => site?.[Symbol.asyncDispose]())

const run = async (name: string, parameterValues: JsonObject) => {
  const text = await readFile(new URL(`./fixtures/${name}.yaml`, import.meta.url), 'utf8')
  const runtimeConfig = { gcsOutputDirectory: join(site.root, 'runs'), parameterValues }
  const labels = { team: 'beans' }
  const job = { displayName: name, labels, pipelineSpec: parse(text), runtimeConfig }
  const { json } = await call('POST', `${place}/pipelineJobs`, job)
  if (json.name === undefined) throw new Error(json.error.message)
  const ended = await until(name, async () => {
    const now = (await call('GET', `/v1/${json.name}`)).json
    return now.endTime === undefined ? undefined : now
  })
  const tasks = Object.fromEntries(
    (ended.jobDetail?.taskDetails ?? []).map((task: { taskName: string }) => [task.taskName, task]),
  )
  return { ...ended, tasks }
}

it('runs by its own code, led to the platform by gRPC and by HTTP', async () => {
  await writeLinearModel(join(site.root, 'bucket', 'doubles'), 2)
  await writeFile(join(site.root, 'bucket', 'rows.csv'), 'a,b\n1,2\n')
  const model = { displayName: 'doubles', artifactUri: 'gs://farm/doubles' }
  await call('POST', `${place}/models:upload`, { modelId: 'doubles', model })

  const { state, error, tasks } = await run('own-code', {
    model: 'doubles',
    data: 'gs://farm/rows.csv',
    out: 'gs://farm/out',
  })
  expect([state, error]).toEqual(['PIPELINE_STATE_SUCCEEDED', undefined])

  // Asked for by gRPC (get) and HTTP (create, deploy, export), told in artifacts and gcp_resources.
  const name = 'projects/farm/locations/us-central1/models/doubles@1'
  expect(tasks['model-get'].outputs.model.artifacts[0]).toMatchObject({
    uri: `https://us-central1-aiplatform.googleapis.com/v1/${name}`,
    schemaTitle: 'google.VertexModel',
    metadata: { resourceName: name },
  })
  const endpoint = tasks['endpoint-create'].outputs.endpoint.artifacts[0].metadata.resourceName
  const { json } = await call('GET', `/v1/${endpoint}`)
  expect(json).toMatchObject({ displayName: 'by its own code', labels: { by: 'google', team: 'beans' } })
  const answer = await call('POST', `/v1/${endpoint}:predict`, { instances: [{ x: 4 }] })
  expect(answer.json.predictions).toEqual([expect.objectContaining({ value: 8 })])
  const operation = JSON.parse(tasks['model-deploy'].execution.metadata['output:gcp_resources']).resources[0]
  const [, operationName] = /\/v1\/(.*)$/.exec(operation.resourceUri) ?? []
  expect((await call('GET', `/v1/${operationName}`)).json).toMatchObject({ done: true })

  const exported: string = tasks['model-export'].execution.metadata['output:output_info'].artifactOutputUri
  expect(await readdir(exported.replace('gs://farm/', `${site.root}/bucket/`))).toContain('model.onnx')
  const [file] = JSON.parse(tasks['tabular-dataset-export'].outputs.exported_dataset.artifacts[0].uri)
  expect(await readFile(file.replace('gs://farm/', `${site.root}/bucket/`), 'utf8')).toBe('a,b\n1,2\n')
}, 300_000)

it('starts custom jobs and waits for them, although they hold all places for running tasks', async () => {
  const { state, error, tasks } = await run('custom-job', { out: 'gs://farm/custom' })
  expect([state, error]).toEqual(['PIPELINE_STATE_SUCCEEDED', undefined])
  expect(await readFile(join(site.root, 'bucket', 'custom', 'model', 'word'), 'utf8')).toBe('trained\n')
  const told = JSON.parse(tasks['custom-training-job'].execution.metadata['output:gcp_resources']).resources[0]
  const jobs: readonly JsonObject[] = (await call('GET', `${place}/customJobs`)).json.customJobs
  expect(Object.fromEntries(jobs.map((job) => [job['displayName'], job['state']]))).toEqual({
    says: 'JOB_STATE_SUCCEEDED',
    'says in beta': 'JOB_STATE_SUCCEEDED',
  })
  const job = jobs.find(({ displayName }) => displayName === 'says')
  expect(told).toEqual({
    resourceType: 'CustomJob',
    resourceUri: `https://us-central1-aiplatform.googleapis.com/v1/${String(job?.['name'])}`,
  })
}, 300_000)

it('is refused by name where it needs a service that is not here, before anything runs', async () => {
  const { state, error, tasks } = await run('absent-services', {})
  expect([state, tasks]).toEqual(['PIPELINE_STATE_FAILED', {}])
  expect(error.message).toMatch(/task dataflow-python needs Dataflow/)
  expect(error.message).toMatch(/task vertex-pipelines-notification-email needs .*mail service/)
}, 60_000)
