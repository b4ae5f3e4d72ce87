import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { EndpointServiceClient } from '@google-cloud/aiplatform'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLog } from '../../src/log.ts'
import { createPlatform } from '../../src/platform/platform.ts'
import { writeLinearModel } from '../platform/linear-model.ts'
import { say, shellPipeline } from '../platform/shell-pipeline.ts'
import { openSite, type Site } from '../platform/site.ts'
import { until } from '../platform/until.ts'
import { type Caller, caller } from './call.ts'

const place = '/v1/projects/farm/locations/local'

let site: Site
let call: Caller
beforeAll(async () => {
  site = await openSite({ containers: 'host', addresses: { 'gs://farm/': 'bucket' } })
  call = caller(site.platform.httpPort)
})
afterAll(() => site?.[Symbol.asyncDispose]())

const hostOf = (host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: site.platform.httpPort, path: '/healthz', headers: { host } }
    request(options, (response) => resolve(response.resume().statusCode ?? 0))
      .on('error', reject)
      .end()
  })

describe('the HTTP port', () => {
  it('says what it is, and that it is well', async () => {
    expect((await call('GET', '/')).json).toMatchObject({ faces: expect.arrayContaining(['/v1', '/v1beta1']) })
    expect(await call('GET', '/healthz')).toEqual({ status: 200, json: { ok: true, version: expect.any(String) } })
  })

  it('is closed to web pages, also to those that call it by a name of their own', async () => {
    const { status, json } = await call('POST', `${place}/endpoints`, '{}', { origin: 'https://example.org' })
    expect([status, json.error.status]).toEqual([403, 'PERMISSION_DENIED'])
    expect(await hostOf('example.org')).toBe(403)
    expect(await hostOf('localhost:1')).toBe(200)
    expect(await hostOf('[::1]:1')).toBe(200)
  })

  it('is told to be taken, and leaves no lock behind', async () => {
    const root = join(site.root, 'second')
    const log = createLog('silent')
    const http = { host: '127.0.0.1', port: site.platform.httpPort }
    await expect(createPlatform({ root, log, http })).rejects.toMatchObject({ code: 'port_taken' })
    await (await createPlatform({ root, log })).close()
  })
})

describe('the REST API', () => {
  it('makes, finds, changes and deletes', async () => {
    const made = await call('POST', `${place}/endpoints?endpointId=beans`, {
      display_name: 'beans',
      labels: { by: 'curl' },
    })
    expect(made.json).toMatchObject({
      done: true,
      metadata: { genericMetadata: { createTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) } },
      response: { '@type': 'type.googleapis.com/google.cloud.aiplatform.v1.Endpoint', displayName: 'beans' },
    })
    const { name } = made.json.response
    expect(name).toBe('projects/farm/locations/local/endpoints/beans')

    const filter = encodeURIComponent('labels.by="curl"')
    const listed = await call('GET', `${place}/endpoints?filter=${filter}&pageSize=5&readMask=displayName`)
    expect(listed).toEqual({ status: 200, json: { endpoints: [{ name, displayName: 'beans' }] } })
    const changed = await call('PATCH', `/v1/${name}?updateMask=displayName`, { displayName: 'other', labels: {} })
    expect(changed.json).toMatchObject({ displayName: 'other', labels: { by: 'curl' } })

    const beta = await call('DELETE', `/v1beta1/${name}`)
    expect(beta.json.metadata['@type']).toMatch(/aiplatform\.v1beta1\.DeleteOperationMetadata$/)
    expect((await call('GET', `/v1/${name}`)).status).toBe(404)
  })

  it('keeps operations: got, waited for, listed, deleted', async () => {
    const { name } = (await call('POST', `${place}/datasets`, { displayName: 'rows', metadataSchemaUri: 'x' })).json
    expect((await call('GET', `/v1/${name}`)).json).toMatchObject({ name, done: true })
    expect((await call('POST', `/v1/${name}:wait?timeout=2.5s`)).json).toMatchObject({ name, done: true })
    expect((await call('POST', `/v1/${name}:cancel`, '')).json).toEqual({})
    const listed = await call('GET', `${place}/operations`)
    expect(listed.json.operations.map((one: { name: string }) => one.name)).toContain(name)
    expect(await call('DELETE', `/v1/${name}`)).toEqual({ status: 200, json: {} })
    expect((await call('GET', `/v1/${name}`)).json.error).toMatchObject({ code: 404, status: 'NOT_FOUND' })
  })

  it('runs a pipeline to its end', async () => {
    const job = {
      displayName: 'shell',
      pipelineSpec: shellPipeline({ first: { script: say } }),
      runtimeConfig: { gcsOutputDirectory: join(site.root, 'runs'), parameterValues: { word: 'hello' } },
    }
    const { json } = await call('POST', `${place}/pipelineJobs?pipelineJobId=shell`, job)
    expect(json.name).toBe('projects/farm/locations/local/pipelineJobs/shell')
    const ended = await until('the pipeline', async () => {
      const now = (await call('GET', `/v1/${json.name}`)).json
      return now.endTime === undefined ? undefined : now
    })
    expect(ended.state).toBe('PIPELINE_STATE_SUCCEEDED')
    const first = ended.jobDetail.taskDetails.find((task: { taskName: string }) => task.taskName === 'first')
    expect(first).toMatchObject({ state: 'SUCCEEDED', execution: { metadata: { 'output:said': 'hello' } } })
    expect(typeof first.taskId).toBe('string')
  }, 60_000)

  it('shows the trainings of AutoML by the models that they made', async () => {
    await writeLinearModel(join(site.root, 'bucket', 'trained'), 2)
    const model = {
      displayName: 'trained',
      artifactUri: 'gs://farm/trained',
      modelSourceInfo: { sourceType: 'AUTOML' },
    }
    await call('POST', `${place}/models:upload`, { modelId: 'trained', model })
    const { json } = await call(
      'GET',
      `${place}/trainingPipelines?filter=${encodeURIComponent('display_name="trained"')}`,
    )
    expect(json.trainingPipelines).toEqual([
      expect.objectContaining({
        state: 'PIPELINE_STATE_SUCCEEDED',
        modelId: 'trained',
        modelToUpload: expect.objectContaining({ name: 'projects/farm/locations/local/models/trained' }),
      }),
    ])
    const [{ name }] = json.trainingPipelines
    expect((await call('GET', `/v1/${name}`)).json).toEqual(json.trainingPipelines[0])
    expect((await call('GET', `/v1/${name}0`)).status).toBe(404)
  })

  it('does a custom job in a container, shows how it failed, ends it in time, and cancels one', async () => {
    const job = (script: string, scheduling = {}) => ({
      displayName: 'job',
      jobSpec: {
        scheduling,
        workerPoolSpecs: [
          { replicaCount: 1, containerSpec: { imageUri: 'example/none', command: ['sh', '-c'], args: [script] } },
        ],
        baseOutputDirectory: { outputUriPrefix: 'gs://farm/job' },
      },
    })
    const ended = async (name: string) =>
      until(name, async () => {
        const now = (await call('GET', `/v1/${name}`)).json
        return now.endTime === undefined ? undefined : now
      })
    const good = await call(
      'POST',
      `${place}/customJobs`,
      job('mkdir -p "$AIP_MODEL_DIR"; echo made > "$AIP_MODEL_DIR/it"'),
    )
    const bad = await call('POST', `${place}/customJobs`, job('echo too bad >&2; exit 3'))
    const slow = await call('POST', `${place}/customJobs`, job('sleep 600', { timeout: '1s' }))
    const long = await call('POST', `${place}/customJobs`, job('sleep 600', { timeout: '3600s' }))
    expect(await ended(good.json.name)).toMatchObject({ state: 'JOB_STATE_SUCCEEDED', displayName: 'job' })
    expect(await readFile(join(site.root, 'bucket', 'job', 'model', 'it'), 'utf8')).toBe('made\n')
    expect(await ended(bad.json.name)).toMatchObject({
      state: 'JOB_STATE_FAILED',
      error: { message: expect.stringContaining('too bad') },
    })
    const late = await ended(slow.json.name)
    expect([late.state, late.error.message]).toEqual(['JOB_STATE_FAILED', expect.stringMatching(/took longer|time/)])
    expect(await call('POST', `/v1/${long.json.name}:cancel`)).toEqual({ status: 200, json: {} })
    expect(await ended(long.json.name)).toMatchObject({ state: 'JOB_STATE_CANCELLED' })
    // Pipeline jobs are another collection.
    const jobs = (await call('GET', `${place}/pipelineJobs?pageSize=100`)).json.pipelineJobs ?? []
    expect(jobs.filter((one: { name: string }) => one.name.includes('customJobs'))).toEqual([])
    expect((await call('GET', `${place}/customJobs`)).json.customJobs).toHaveLength(4)
  }, 60_000)

  it.each<[string, string, unknown, number, string, RegExp]>([
    ['GET', `${place}/models/none`, undefined, 404, 'NOT_FOUND', /There is no model projects\/farm/],
    ['GET', `${place}/models/none?reed=1`, undefined, 400, 'INVALID_ARGUMENT', /Unknown name "reed"/],
    [
      'POST',
      `${place}/endpoints`,
      { displyName: 'x' },
      400,
      'INVALID_ARGUMENT',
      /"displyName" at 'endpoint'.*did you mean displayName/,
    ],
    ['POST', `${place}/endpoints`, '{', 400, 'INVALID_ARGUMENT', /The body is not JSON/],
    ['POST', `${place}/endpoints`, '[]', 400, 'INVALID_ARGUMENT', /not a JSON object/],
    ['DELETE', `${place}/endpoints/none`, { force: true }, 400, 'INVALID_ARGUMENT', /deleteEndpoint takes no body/],
    [
      'POST',
      `${place}/models:upload?parentModel=x`,
      {},
      400,
      'INVALID_ARGUMENT',
      /parentModel cannot be a query parameter/,
    ],
    ['POST', `${place}/models/7:fly`, {}, 404, 'NOT_FOUND', /nothing at POST .*7:fly$/],
    ['PUT', `${place}/models/7`, {}, 404, 'NOT_FOUND', /it takes GET, PATCH, DELETE/],
    [
      'POST',
      `${place}/endpoints/7:rawPredict`,
      {},
      501,
      'UNIMPLEMENTED',
      /PredictionService\/RawPredict is not implemented/,
    ],
    ['POST', `${place}/endpoints/7:explain`, {}, 501, 'UNIMPLEMENTED', /PredictionService\/Explain is not implemented/],
    ['GET', `${place}/featurestores`, undefined, 501, 'UNIMPLEMENTED', /FeaturestoreService\/ListFeaturestores/],
    ['POST', `${place}/customJobs`, { displayName: 'x' }, 400, 'INVALID_ARGUMENT', /job_spec/],
  ])('%s %s %j is refused as Google refuses', async (method, path, body, code, status, message) => {
    const answer = await call(method, path, body)
    expect(answer).toEqual({
      status: code,
      json: { error: { code, status, message: expect.stringMatching(message), details: [] } },
    })
  })

  it('takes JSON alone, and no more than 64 MB of it', async () => {
    const plain = await call('POST', `${place}/endpoints`, '{}', { 'content-type': 'text/plain' })
    expect([plain.status, plain.json.error.status]).toEqual([415, 'INVALID_ARGUMENT'])
    const large = await call('POST', `${place}/endpoints`, `{"displayName":"${'x'.repeat(65 * 1024 * 1024)}"}`)
    expect(large.status).toBe(413)
  }, 30_000)

  it("serves Google's Node client where it speaks REST", async () => {
    const load = createRequire(import.meta.url)
    const { EndpointServiceClient: Client } = load('@google-cloud/aiplatform/build/src/v1/endpoint_service_client.js')
    const { GoogleAuth } = load('google-gax') as { GoogleAuth: new (options: object) => object }
    const { PassThroughClient } = createRequire(load.resolve('google-gax'))('google-auth-library')
    const client: EndpointServiceClient = new Client({
      ...{
        apiEndpoint: '127.0.0.1',
        port: site.platform.httpPort,
        protocol: 'http',
        fallback: true,
        projectId: 'farm',
      },
      auth: new GoogleAuth({ authClient: new PassThroughClient(), projectId: 'farm' }),
    })
    const parent = 'projects/farm/locations/local'
    const [operation] = await client.createEndpoint({ parent, endpoint: { displayName: 'node', labels: { a: 'b' } } })
    const [endpoint] = await operation.promise()
    expect(endpoint.createTime?.seconds).toBeTruthy()
    const name = endpoint.name as string
    const [renamed] = await client.updateEndpoint({
      endpoint: { name, displayName: 'renamed' },
      updateMask: { paths: ['display_name'] },
    })
    expect([renamed.displayName, renamed.labels]).toEqual(['renamed', { a: 'b' }])
    const [found] = await client.listEndpoints({ parent, filter: 'labels.a="b"' })
    expect(found.map((one) => one.name)).toEqual([name])
    await expect(client.getEndpoint({ name: `${name}0` })).rejects.toMatchObject({ code: 5 })
    await client.close()
  }, 30_000)

  it('does what docs/platform-api.md shows with curl', async () => {
    await writeLinearModel(join(site.root, 'bucket', 'doubles'), 2)
    const guide = await readFile(new URL('../../docs/platform-api.md', import.meta.url), 'utf8')
    const [, script = ''] = /```sh\n(.*?)```/s.exec(guide) ?? []
    expect(script).toContain('curl')
    const env = { ...process.env, PORT: String(site.platform.httpPort), no_proxy: '127.0.0.1' }
    const { stdout } = await promisify(execFile)('sh', ['-ec', script], { env })
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      predictions: [{ value: 8 }],
      modelVersionId: '1',
    })
  }, 30_000)
})
