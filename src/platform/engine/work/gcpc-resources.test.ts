import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { PlatformServices } from '../../services.ts'
import { cancelStarted } from './gcpc-resources.ts'

const parent = 'projects/p/locations/l'
const uri = (name: string, version = 'v1') => `https://l-aiplatform.googleapis.com/${version}/${parent}/${name}`

const cancelledBy = async (text: string | undefined, fail = false): Promise<readonly string[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'winnow-gcpc-'))
  const calls: string[] = []
  const services = {
    call: async (service: string, method: string, request: object) => {
      calls.push(`${service}.${method} ${JSON.stringify(request)}`)
      if (fail) throw new Error('it has ended')
      return {}
    },
  } as unknown as PlatformServices
  try {
    const file = join(folder, 'gcp_resources')
    if (text !== undefined) await writeFile(file, text)
    await cancelStarted(file, services, () => {})
    return calls
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

it('stops each thing that a launcher wrote down, by its kind', async () => {
  const resources = [
    { resourceType: 'CustomJob', resourceUri: uri('customJobs/1') },
    { resourceType: 'BatchPredictionJob', resourceUri: uri('batchPredictionJobs/2', 'v1beta1') },
    { resourceType: 'VertexLro', resourceUri: uri('endpoints/3/operations/4') },
    { resourceType: 'DataflowJob', resourceUri: 'https://dataflow.googleapis.com/v1b3/projects/p/jobs/5' },
    { resourceType: 'CustomJob', resourceUri: 'elsewhere' },
  ]
  const calls = [
    `JobService.cancelCustomJob {"name":"${parent}/customJobs/1"}`,
    `JobService.cancelBatchPredictionJob {"name":"${parent}/batchPredictionJobs/2"}`,
    `Operations.cancelOperation {"name":"${parent}/endpoints/3/operations/4"}`,
  ]
  expect(await cancelledBy(JSON.stringify({ resources }))).toEqual(calls)
  expect(await cancelledBy(JSON.stringify({ resources }), true)).toEqual(calls)
})

it.each([undefined, '', '{', '[]', '{"resources": 1}', '{"resources": [null, {}]}'])(
  'makes nothing of %j',
  async (text) => expect(await cancelledBy(text)).toEqual([]),
)
