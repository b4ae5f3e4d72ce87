import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DataObject } from '../../src/domain/batch.ts'
import { Fault } from '../../src/domain/errors.ts'
import { createLog } from '../../src/log.ts'
import { keepPollingSource, pollSource } from '../../src/workers/loops/poll-source.ts'
import { until as untilSo } from '../store/databases.ts'
import {
  createWalk,
  goodFiles,
  openWalkDatabase,
  repository,
  type Walk,
  type WalkDatabase,
  winnowYaml,
} from './walk.ts'

const until = (what: string, isSo: () => boolean | Promise<boolean>) => untilSo(what, isSo, 20_000)
const never = new AbortController().signal
const every = 60_000
const on = '{data: {uri: "gs://acme-beans/in/*.csv", quiet: 5s, maxWait: 1m, into: source}}'

let database: WalkDatabase
let walk: Walk
let bucket: Map<string, DataObject>
let failing: Fault | undefined
let asked: string[]
beforeAll(async () => {
  database = await openWalkDatabase()
}, 60_000)
afterAll(() => database?.close())
beforeEach(async () => {
  walk = await createWalk(database)
  walk.commit('main', { ...goodFiles, 'winnow.yaml': winnowYaml({ on }) })
  bucket = new Map()
  failing = undefined
  asked = []
})

const put = (name: string, generation = '1'): void => {
  const uri = `gs://acme-beans/in/${name}`
  bucket.set(uri, { uri, generation, size: 3 })
}
const source = {
  name: 'incoming',
  addresses: ['gs://acme-beans/in/'],
  repositories: [repository],
  every,
  list: async (address: string): Promise<readonly DataObject[]> => {
    asked.push(address)
    if (failing !== undefined) throw failing
    return [...bucket.values()]
  },
}
const ports = () => ({
  ...walk,
  log: createLog('silent'),
  bounds: (name: string) => {
    const bounds = walk.bounds(name)
    return bounds && { ...bounds, addresses: source.addresses }
  },
})
const poll = (over: Partial<typeof source> = {}) => pollSource(ports(), { ...source, ...over }, never)
const told = async () =>
  (await walk.store.list('change')).map(({ cause }) =>
    cause.kind === 'data' ? `${cause.uri.slice(19)}#${cause.generation} ${cause.event ?? 'written'}` : cause.kind,
  )

describe('the poll of a source', () => {
  it('tells what was written, replaced and deleted since the last one, once', async () => {
    put('a.csv')
    put('b.csv')
    expect(await poll()).toEqual({ objects: 2, told: 2, faults: [] })
    expect(await poll()).toEqual({ objects: 2, told: 0, faults: [] })
    put('b.csv', '2')
    bucket.delete('gs://acme-beans/in/a.csv')
    expect(await poll()).toEqual({ objects: 1, told: 2, faults: [] })
    expect(await told()).toEqual(['a.csv#1 deleted', 'b.csv#2 written', 'b.csv#1 written', 'a.csv#1 written'])
    expect(await poll()).toEqual({ objects: 1, told: 0, faults: [] })
    put('a.csv', '1')
    expect((await poll()).told).toBe(0)
  })

  it('asks for what the protected branch watches within the addresses of the source, and nothing else', async () => {
    await poll()
    expect(asked).toEqual(['gs://acme-beans/in/*.csv'])
    expect(await poll({ addresses: ['gs://acme-beans/in/deep/'] })).toEqual({ objects: 0, told: 0, faults: [] })
    expect(asked).toHaveLength(1)
  })

  it('takes nothing for deleted because the source could not be listed', async () => {
    put('a.csv')
    await poll()
    failing = new Fault('source_unavailable', 'gs://acme-beans/in/*.csv does not answer: HTTP 503', { retryable: true })
    expect(await poll()).toMatchObject({ told: 0, faults: [{ code: 'source_unavailable' }] })
    expect(await told()).toEqual(['a.csv#1 written'])
  })

  it('goes on where a crash came between recording and remembering', async () => {
    for (let i = 0; i < 450; i++) put(`${i}.csv`)
    let writes = 0
    const dying = {
      ...ports(),
      store: {
        ...walk.store,
        rememberObjects: async (...of: Parameters<typeof walk.store.rememberObjects>) => {
          if (++writes === 2) throw new Fault('store_unavailable', 'killed', { retryable: true })
          return walk.store.rememberObjects(...of)
        },
      },
    }
    expect(await pollSource(dying, source, never)).toMatchObject({ faults: [{ code: 'store_unavailable' }] })
    expect(await poll()).toEqual({ objects: 450, told: 50, faults: [] })
    expect((await walk.store.list('change', {}, 1_000)).length).toBe(450)
  })

  it('says that nothing of a repository is watched whose winnow.yaml has faults, and goes on with the others', async () => {
    walk.commit('main', { ...goodFiles, 'winnow.yaml': 'version: 2' })
    put('a.csv')
    const result = await poll({ repositories: [repository, 'unknown'] })
    expect(result.faults.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      expect.stringMatching(
        /^declaration_invalid: nothing of beans is watched: winnow.yaml has 1 fault: winnow.yaml:1:10: version: /,
      ),
      'declaration_invalid: nothing of unknown is watched: the config names no repository unknown',
    ])
  })

  it('forgets what is watched no more, and offers it again when it is', async () => {
    put('a.csv')
    await poll()
    walk.commit('main', goodFiles)
    await poll()
    walk.commit('main', { ...goodFiles, 'winnow.yaml': winnowYaml({ on }) })
    expect((await poll()).told).toBe(0)
    expect(await told()).toEqual(['a.csv#1 written'])
  })
})

describe('a source that is kept polled', () => {
  it('is polled by one of several processes, each turn once, and says how it stands', async () => {
    put('a.csv')
    const stop = new AbortController()
    const loops = [1, 2, 3].map(() => keepPollingSource(ports(), source, stop.signal, { wake: 5 }))
    await until('it was polled', async () => (await walk.store.feeds())[0]?.state === 'working')
    walk.pass(every)
    // Until the turn has ended: its end says when the next one is.
    await until('it was polled again', async () => (await walk.store.feeds())[0]?.lastSuccess === walk.now())
    expect(asked).toHaveLength(2)
    failing = new Fault('source_refused', 'gs://acme-beans/in/*.csv was refused: HTTP 403', { remedy: 'Grant it.' })
    walk.pass(every)
    await until('it fails', async () => (await walk.store.feeds())[0]?.state === 'failing')
    expect(asked).toHaveLength(3)
    expect((await walk.store.feeds())[0]).toMatchObject({
      objects: 1,
      told: 1,
      lastFault: { code: 'source_refused', message: 'gs://acme-beans/in/*.csv was refused: HTTP 403. Grant it.' },
    })
    // After a fault its turn comes sooner.
    failing = undefined
    walk.pass(1_000)
    await until('it works again', async () => (await walk.store.feeds())[0]?.state === 'working')
    stop.abort()
    await Promise.all(loops)
    expect(asked).toHaveLength(4)
  })
})
