import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../domain/json.ts'
import { readSchema } from '../schema.ts'
import { createJsonForm } from './json-form.ts'
import { readQuery } from './query.ts'

const schema = readSchema()
const form = createJsonForm(schema)
const v1 = 'google.cloud.aiplatform.v1'

const refusal = (type: string, json: JsonObject): string => {
  try {
    form.read(`${v1}.${type}`, json)
  } catch (error) {
    expect(error).toMatchObject({ code: 3 })
    return (error as Error).message
  }
  throw new Error('It was read')
}

describe("protobuf's JSON", () => {
  it('is read by either spelling, with enums by name or number and numbers as texts', () => {
    const job = {
      display_name: 'nightly',
      jobSpec: {
        scheduling: { timeout: '3600.25s' },
        worker_pool_specs: [
          {
            replicaCount: '2',
            machineSpec: { acceleratorType: 8, accelerator_count: 1 },
            containerSpec: { imageUri: 'x' },
          },
        ],
      },
      state: 'JOB_STATE_QUEUED',
      createTime: '2026-01-31T23:30:00.5+01:00',
      labels: { by: 'hand' },
      error: null,
    }
    expect(form.read(`${v1}.CustomJob`, job)).toEqual({
      displayName: 'nightly',
      jobSpec: {
        scheduling: { timeout: { seconds: '3600', nanos: 250_000_000 } },
        workerPoolSpecs: [
          {
            replicaCount: '2',
            machineSpec: { acceleratorType: 'NVIDIA_TESLA_A100', acceleratorCount: 1 },
            containerSpec: { imageUri: 'x' },
          },
        ],
      },
      state: 'JOB_STATE_QUEUED',
      createTime: { seconds: '1769898600', nanos: 500_000_000 },
      labels: { by: 'hand' },
    })
  })

  it('keeps free values as they are, nulls too', () => {
    const request = { instances: [{ a: [1, null, 'x'] }, null, 3], parameters: { display_name: 1 } }
    expect(form.read(`${v1}.PredictRequest`, request)).toEqual(request)
    expect(form.write(`${v1}.PredictRequest`, request)).toEqual(request)
  })

  it('is written without what is empty, times as RFC 3339 and counts as texts', () => {
    const job = {
      name: 'projects/p/locations/l/batchPredictionJobs/1',
      displayName: '',
      labels: {},
      partialFailures: [],
      generateExplanation: false,
      state: 'JOB_STATE_UNSPECIFIED',
      modelParameters: null,
      createTime: { seconds: '0', nanos: 0 },
      endTime: { seconds: '1769898600', nanos: 5_000_000 },
      completionStats: { successfulCount: 3, failedCount: '0' },
      notDeclared: 1,
    }
    expect(form.write(`${v1}.BatchPredictionJob`, job)).toEqual({
      name: 'projects/p/locations/l/batchPredictionJobs/1',
      modelParameters: null,
      createTime: '1970-01-01T00:00:00Z',
      endTime: '2026-01-31T22:30:00.005Z',
      completionStats: { successfulCount: '3' },
    })
  })

  it('names the type of an Any, in the words of its version', () => {
    const operation = { name: 'o', done: true, response: { '@type': `${v1}.Endpoint`, displayName: 'x' } }
    const written = (version: 'v1' | 'v1beta1') =>
      createJsonForm(schema, version).write('google.longrunning.Operation', operation)
    expect(written('v1')['response']).toEqual({ '@type': `type.googleapis.com/${v1}.Endpoint`, displayName: 'x' })
    expect(written('v1beta1')['response']).toMatchObject({ '@type': `type.googleapis.com/${v1}beta1.Endpoint` })
    expect(form.read('google.longrunning.Operation', written('v1beta1'))).toEqual(
      form.read('google.longrunning.Operation', written('v1')),
    )
  })

  it.each<[string, JsonObject, RegExp]>([
    [
      'Endpoint',
      { displyName: 'x' },
      /Unknown name "displyName": Endpoint has no such field; did you mean displayName\?/,
    ],
    ['CreateEndpointRequest', { endpoint: { zzzzzz: 1 } }, /"zzzzzz" at 'endpoint': Endpoint has no such field$/],
    ['Endpoint', { displayName: 1 }, /'displayName': 1 is not a text/],
    ['Endpoint', { labels: [] }, /'labels': \[\] is not an object/],
    ['Endpoint', { labels: { a: 1 } }, /'labels\.a'/],
    ['Endpoint', { deployedModels: {} }, /not a list/],
    [
      'Endpoint',
      { deployedModels: [{ id: 'a' }, { enableAccessLogging: 'si' }] },
      /deployedModels\[1\]\.enableAccessLogging.*true or false/,
    ],
    ['Endpoint', { createTime: '2026-02-30T00:00:00Z' }, /a time such as/],
    ['Scheduling', { timeout: '3' }, /a duration such as/],
    ['WorkerPoolSpec', { replicaCount: 1.5 }, /a whole number \(int64\)/],
    ['WorkerPoolSpec', { replicaCount: '9223372036854775808' }, /a whole number/],
    ['MachineSpec', { acceleratorCount: 2 ** 31 }, /a whole number \(int32\)/],
    ['MachineSpec', { acceleratorType: 'GPU' }, /one of ACCELERATOR_TYPE_UNSPECIFIED, /],
    ['PipelineJob', { pipelineSpec: 'text' }, /'pipelineSpec': "text" is not an object/],
  ])('%s %j is refused with its place', (type, json, message) => expect(refusal(type, json)).toMatch(message))

  it('comes back as it was', () => {
    const time = fc.record({
      seconds: fc.integer({ min: -6e10, max: 2e11 }).map(String),
      nanos: fc.integer({ min: 0, max: 999_999_999 }),
    })
    const record = fc.record(
      {
        displayName: fc.string({ minLength: 1 }),
        replicaCount: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String),
        createTime: time,
        timeout: fc.record({
          seconds: fc.integer({ min: 1, max: 3e8 }).map(String),
          nanos: fc.integer({ min: 0, max: 999_999_999 }),
        }),
        labels: fc.dictionary(fc.string(), fc.string(), { minKeys: 1 }),
      },
      { requiredKeys: ['displayName'] },
    )
    fc.assert(
      fc.property(record, ({ replicaCount, timeout, ...rest }) => {
        const job = {
          ...rest,
          jobSpec: {
            ...(timeout && { scheduling: { timeout } }),
            ...(replicaCount && { workerPoolSpecs: [{ replicaCount }] }),
          },
        }
        const json = JSON.parse(JSON.stringify(form.write(`${v1}.CustomJob`, job))) as JsonObject
        expect(form.read(`${v1}.CustomJob`, json)).toEqual(job)
      }),
    )
  })
})

describe('query parameters', () => {
  const read = (type: string, query: string) =>
    form.read(`${v1}.${type}`, readQuery(schema, `${v1}.${type}`, new URLSearchParams(query)))

  it('reach into messages, repeat and name fields', () => {
    expect(
      read(
        'ListEndpointsRequest',
        'pageSize=10&filter=a%3D1&readMask=displayName,labels&%24alt=json%3Benum-encoding%3Dint',
      ),
    ).toEqual({
      pageSize: 10,
      filter: 'a=1',
      readMask: { paths: ['display_name', 'labels'] },
    })
    expect(read('CreateEndpointRequest', 'endpointId=e&endpoint.display_name=x')).toEqual({
      endpointId: 'e',
      endpoint: { displayName: 'x' },
    })
    expect(read('MergeVersionAliasesRequest', 'versionAliases=a&versionAliases=b')).toEqual({
      versionAliases: ['a', 'b'],
    })
  })

  it.each([
    ['pageSize=10&pageSize=11', /more than once/],
    ['pageSize=ten', /a whole number/],
    ['pagesize_=1', /did you mean pageSize/],
    ['filter.x=1', /filter is no message/],
  ])('%s is refused', (query, message) => expect(() => read('ListEndpointsRequest', query)).toThrow(message))

  it('do not take a whole message', () =>
    expect(() => read('CreateEndpointRequest', 'endpoint=x')).toThrow(/belongs in the body/))
})
