import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Server } from '../../scripts/servers.ts'
import { createCloudStorage } from '../../src/adapters/sources/cloud-storage.ts'
import { describeWithEmulators } from '../emulators/emulators.ts'
import { startCloudStorage } from '../emulators/programs.ts'
import { makeBucket, put, remove } from './buckets.ts'
import { json, standIn } from './stand-in.ts'

const never = new AbortController().signal
const quick = { timeout: 5_000, attempts: 2, firstPause: 1 }

describeWithEmulators('a bucket of Cloud Storage', () => {
  let server: Server
  beforeAll(async () => {
    server = await startCloudStorage()
    await makeBucket(server.url, 'acme-beans')
  }, 60_000)
  afterAll(() => server?.stop())

  it('lists what the pattern means and finds each the same', async () => {
    const source = createCloudStorage({ endpoint: server.url, patience: quick })
    for (const name of ['in/a.csv', 'in/deep/b.csv', 'in/ä ö+%20&?#.csv', 'in/c.txt', 'out/d.csv'])
      await put(server.url, 'acme-beans', name, 'a,b\n1,2\n')
    const listed = await source.list('gs://acme-beans/in/*.csv', never)
    expect(listed.map(({ uri }) => uri)).toEqual(['gs://acme-beans/in/a.csv', 'gs://acme-beans/in/ä ö+%20&?#.csv'])
    expect(listed[0]).toMatchObject({
      size: 8,
      generation: expect.stringMatching(/^\d+$/),
      checksum: expect.stringMatching(/^crc32c:.{8}$/),
    })
    for (const object of listed) expect(await source.find(object.uri, never)).toEqual(object)
    expect(await source.list('gs://acme-beans/**/*.csv', never)).toHaveLength(4)
    expect(await source.find('gs://acme-beans/in/none.csv', never)).toBeUndefined()
  })

  it('sees another generation when an object is replaced, and nothing when it is gone', async () => {
    const source = createCloudStorage({ endpoint: server.url, patience: quick })
    const uri = 'gs://acme-beans/moving/a.csv'
    await put(server.url, 'acme-beans', 'moving/a.csv', 'one')
    const first = await source.find(uri, never)
    await put(server.url, 'acme-beans', 'moving/a.csv', 'two')
    const [second] = await source.list('gs://acme-beans/moving/**', never)
    expect(BigInt(second?.generation ?? 0)).toBeGreaterThan(BigInt(first?.generation ?? 0))
    await remove(server.url, 'acme-beans', 'moving/a.csv')
    expect(await source.list('gs://acme-beans/moving/**', never)).toEqual([])
  })

  it('refuses a bucket that is not there', async () => {
    const source = createCloudStorage({ endpoint: server.url, patience: quick })
    await expect(source.list('gs://nowhere-at-all/*', never)).rejects.toMatchObject({
      code: 'source_refused',
      message: expect.stringContaining('gs://nowhere-at-all/* was refused: there is no bucket nowhere-at-all'),
    })
  })
})

it('asks for no more than the fixed start of the pattern, page after page', async () => {
  await using server = await standIn((_request, response, url) => {
    const page = Number(url.searchParams.get('pageToken') ?? 0)
    const items = [{ name: `in/2026-11-27/${page}.csv`, generation: '1', size: '3' }]
    json(response, 200, page < 3 ? { items, nextPageToken: String(page + 1) } : { items })
  })
  const source = createCloudStorage({ endpoint: server.url, patience: quick })
  expect(await source.list('gs://acme-beans/in/2026-*/*.csv', never)).toHaveLength(4)
  expect(server.asked).toHaveLength(4)
  for (const asked of server.asked) expect(asked).toMatch(/^GET \/storage\/v1\/b\/acme-beans\/o\?prefix=in\/2026-&/)
})
