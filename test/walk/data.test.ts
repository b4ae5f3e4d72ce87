import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DataObject } from '../../src/domain/batch.ts'
import { dataChange } from '../../src/domain/data-change.ts'
import { Fault } from '../../src/domain/errors.ts'
import type { RepositoryHost } from '../../src/domain/ports/host.ts'
import { trace } from '../../src/ledger/trace.ts'
import { createLog } from '../../src/log.ts'
import { createRunner } from '../../src/workers/running/runner.ts'
import { createSteps } from '../../src/workers/running/steps.ts'
import { createWalk, goodFiles, openWalkDatabase, type Walk, type WalkDatabase, winnowYaml } from './walk.ts'

let database: WalkDatabase
let walk: Walk
beforeAll(async () => {
  database = await openWalkDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  walk = await createWalk(database, { bounds: { addresses: ['gs://acme/', 'bq://acme.beans'] } })
})

const object = (name: string, generation = '1', over: Partial<DataObject> = {}): DataObject => ({
  uri: name.includes(':') ? name : `gs://acme/in/${name}`,
  generation,
  size: 10,
  ...over,
})

/** What is about the data alone has nothing to judge: that takes its time. */
const declare = (data: string, options: { more?: string; judged?: boolean } = {}): void => {
  const text = winnowYaml({
    on: `{data: ${data}}`,
    ...(options.judged ? {} : { environments: '  dev: {target: local}' }),
  })
  const declared = options.judged ? text : text.replace(/ +model: .*\n +policy: .*\n/, '')
  walk.commit('main', {
    ...goodFiles,
    'winnow.yaml': declared.replace('environments:', `${options.more ?? ''}environments:`),
  })
}

/** A sender told of it; the number of the change that it is. */
const hear = async (one: DataObject, event: 'written' | 'deleted' = 'written'): Promise<number> => {
  walk.data.hear({ ...one, event })
  const news = { repository: 'beans', pipeline: null, sender: 'pubsub', object: one, event, at: walk.now() }
  return (await walk.store.recordChange(dataChange(news))).change.id
}

const soon = () => walk.drain({ until: walk.now() + 100 })
/** What comes within this time comes, and all that follows from it at once. */
const later = async (ms: number) => {
  await soon()
  walk.pass(ms)
  await soon()
}
const batchesOf = async () => [...(await walk.store.list('batch'))].reverse()
const runsOf = async () => [...(await walk.store.list('run'))].reverse()
const objectsOf = (batch: { readonly id: number } | undefined) => walk.store.objectsOf(batch?.id ?? 0, 100)
const namesOf = (objects: readonly DataObject[]) =>
  objects.map(({ uri, generation }) => `${uri.split('/').at(-1)}#${generation}`)

describe('data that a sender told of', () => {
  it('joins every trigger of the repository that watches it', async () => {
    const more =
      '  peas:\n    ir: pipelines/beans.json\n    parameters: {target: Class}\n    on: {data: {uri: "gs://acme/in/*.csv", quiet: 9s, into: source}}\n'
    declare('{uri: "gs://acme/**", quiet: 5s, into: source}', { more })
    const id = await hear(object('a.csv'))
    await soon()
    const [beans, other] = await batchesOf()
    expect(await walk.get('change', id)).toMatchObject({
      state: 'batched',
      batch: beans?.id,
      batches: [beans?.id, other?.id],
      reason: `joined batch ${beans?.id} of beans (1 object); joined batch ${other?.id} of peas (1 object)`,
    })
    await walk.drain()
    expect((await runsOf()).map(({ pipeline, change, state }) => [pipeline, change, state])).toEqual([
      ['beans', id, 'succeeded'],
      ['peas', id, 'succeeded'],
    ])
    const shown = await trace(walk.real, 'change', id)
    expect(shown?.change.children).toMatchObject([
      { kind: 'batch', id: beans?.id, objects: [{ uri: 'gs://acme/in/a.csv' }], children: [{ kind: 'run' }] },
      { kind: 'batch', id: other?.id, objects: [{ uri: 'gs://acme/in/a.csv' }], children: [{ kind: 'run' }] },
    ])
    for (const pipeline of ['beans', 'peas'])
      expect((await walk.real.findChanges({ pipeline }, 10)).map((change) => change.id)).toEqual([id])
  })

  it.each([
    [object('gs://other/a.csv'), 'no data trigger of beans matches gs://other/a.csv'],
    [object('gs://acme/out/a.csv'), 'no data trigger of beans matches gs://acme/out/a.csv'],
    [object('x/a.csv'), 'beans: the key in/([a-z]+)[.] finds nothing in gs://acme/in/x/a.csv'],
    [object('b.csv', '1', { size: 0 }), 'gs://acme/in/b.csv is empty: there is nothing in it to read'],
  ])('is ignored where nothing is to be done with it: %#', async (one, reason) => {
    declare(`{uri: "gs://acme/in/**", key: 'in/([a-z]+)[.]', quiet: 5s, into: source}`)
    const id = await hear(one)
    await walk.drain()
    expect(await walk.get('change', id)).toMatchObject({ state: 'ignored', reason, batch: null })
    expect(await batchesOf()).toEqual([])
  })

  it('waits for a correction of winnow.yaml, and says what is wrong and where', async () => {
    declare('{uri: "gs://acme/in/*", quiet: 5s, into: source}')
    walk.commit('main', { ...goodFiles, 'winnow.yaml': 'version: 1\npipelines: {beans: 3}\n' })
    const id = await hear(object('a.csv'))
    await later(60_000)
    const waiting = await walk.get('change', id)
    expect(waiting).toMatchObject({
      state: 'recorded',
      reason: 'this data waits: winnow.yaml has 1 fault; correct winnow.yaml on the protected branch',
      faults: [expect.stringMatching(/^winnow.yaml:2:20: pipelines.beans/)],
    })
    // Said once, however often it was looked at.
    expect((await walk.store.history('change', id)).map(({ why }) => why)).toEqual(['data received', waiting.reason])
    declare('{uri: "gs://acme/in/*", quiet: 5s, into: source}')
    await walk.drain()
    expect(await walk.get('change', id)).toMatchObject({ state: 'batched', faults: [] })
  })

  it('waits for a protected branch that is gone, and so does its batch, and each says so', async () => {
    const waiting = async (id: number) => {
      const change = await walk.get('change', id)
      return [change?.state, change?.reason]
    }
    declare('{uri: "gs://acme/in/*", quiet: 5s, into: source}')
    const first = await hear(object('a.csv'))
    await soon()
    expect((await walk.get('change', first))?.state).toBe('batched')
    const head = walk.heads.get('main') as string
    walk.heads.delete('main')
    const second = await hear(object('b.csv'))
    await later(60_000)
    expect(await waiting(second)).toEqual(['recorded', 'there is no branch main; push the branch'])
    const [batch] = await batchesOf()
    expect(batch).toMatchObject({
      state: 'open',
      reason: 'waits: the protected branch cannot be read: there is no branch main; push the branch',
    })
    walk.heads.set('main', head)
    await walk.drain()
    expect(await waiting(second)).toMatchObject(['batched', expect.anything()])
    expect((await runsOf()).map(({ state }) => state)).toContain('succeeded')
    expect((await batchesOf()).map(({ state }) => state)).not.toContain('open')
  })

  it('beyond what the config allows is a fault of winnow.yaml, with its place and what is allowed', async () => {
    walk.commit('main', {
      ...goodFiles,
      'winnow.yaml': winnowYaml({ on: '{push: {branches: [main]}, data: {uri: "s3://acme/in/*", into: source}}' }),
    })
    const id = await walk.push(walk.heads.get('main') as string)
    await walk.drain()
    expect(await walk.get('change', id)).toMatchObject({
      state: 'invalid',
      faults: [
        'winnow.yaml:8:48: pipelines.beans.on.data.uri: s3://acme/in/* is not allowed here; the config allows gs://acme/, bq://acme.beans',
      ],
    })
  })
})

describe('an open batch', () => {
  it('has each object once, at its newest generation, in whatever order they are told', async () => {
    declare('{uri: "gs://acme/in/*", quiet: 5s, into: source}')
    const ids = []
    for (const generation of ['7', '9', '8']) ids.push(await hear(object('a.csv', generation)))
    expect(await hear(object('a.csv', '9'))).toBe(ids[1])
    await soon()
    expect(await Promise.all(ids.map(async (id) => (await walk.get('change', id)).reason))).toEqual([
      expect.stringMatching(/^joined batch \d+ of beans \(1 object\)$/),
      expect.stringMatching(/^joined batch \d+ of beans \(1 object\), in the place of generation 7$/),
      expect.stringMatching(/^batch \d+ has a later generation of gs:\/\/acme\/in\/a.csv, 9$/),
    ])
    await walk.drain()
    expect((await runsOf()).map(({ manifest, state }) => [namesOf(manifest), state])).toEqual([
      [['a.csv#9'], 'succeeded'],
    ])
  })

  it('closes after its longest wait though objects never stop coming', async () => {
    declare('{uri: "gs://acme/in/*", quiet: 5s, maxWait: 8s, into: source}')
    await hear(object('a.csv'))
    await soon()
    const [first] = await batchesOf()
    const told = { step: 'gather', id: first?.id as number, version: first?.version as number } as const
    await hear(object('b.csv'))
    await soon()
    walk.pass(8_000)
    // The job of the first object finds the batch as the second left it, and a third joins while it works.
    let more = ['c.csv']
    const head = walk.host.head
    const busy: RepositoryHost = {
      ...walk.host,
      head: async (...asked) => {
        for (const name of more.splice(0))
          await walk.handle({ step: 'match', id: await hear(object(name)), version: 1 })
        return head(...asked)
      },
    }
    const steps = createSteps({ ...walk, host: busy })
    const queue = { add: async () => {} }
    const runner = createRunner({ store: walk.real, queue, steps, now: walk.now, log: createLog('silent') })
    await runner.handle(told, new AbortController().signal)
    const [batch, next] = await batchesOf()
    expect(batch).toMatchObject({ state: 'closed', reason: 'it has waited its longest' })
    expect(namesOf(await objectsOf(batch)).sort()).toEqual(['a.csv#1', 'b.csv#1', 'c.csv#1'])
    expect(next).toBeUndefined()
    // A job that comes late for what is not due yet does nothing.
    more = []
    await hear(object('d.csv'))
    await soon()
    const opened = (await batchesOf())[1]
    await runner.handle({ ...told, id: opened?.id as number, version: 0 }, new AbortController().signal)
    expect((await batchesOf())[1]).toEqual(opened)
  })

  it('loses what was deleted, and ends when nothing is left', async () => {
    declare('{uri: "gs://acme/in/*", quiet: 5s, into: source}')
    await hear(object('a.csv', '7'))
    await hear(object('b.csv', '7'))
    const gone = [
      await hear(object('c.csv', '7'), 'deleted'),
      // Of a generation that was replaced since: what is there stays.
      await hear(object('a.csv', '6'), 'deleted'),
      await hear(object('a.csv', '7'), 'deleted'),
      await hear(object('b.csv', '8', { size: 0 })),
    ]
    await soon()
    const [batch] = await batchesOf()
    const id = batch?.id
    expect(
      await Promise.all(
        gone.map(async (change) => (({ state, reason }) => [state, reason])(await walk.get('change', change))),
      ),
    ).toEqual([
      ['ignored', 'gs://acme/in/c.csv was deleted, and no batch of beans waits with it'],
      ['batched', `batch ${id} has a later generation of gs://acme/in/a.csv, 7`],
      ['batched', `left batch ${id} of beans (1 object): it was deleted`],
      ['batched', `left batch ${id} of beans (0 objects): it is empty now`],
    ])
    expect(batch).toMatchObject({ state: 'empty', nextAt: null, reason: 'gs://acme/in/b.csv#7 left: it is empty now' })
    expect((await walk.store.history('batch', id as number)).map(({ why }) => why)).toEqual([
      'gs://acme/in/a.csv came',
      'gs://acme/in/a.csv#7 left: it was deleted',
      'gs://acme/in/b.csv#7 left: it is empty now',
    ])
  })

  it('is one for each key', async () => {
    declare(`{uri: "gs://acme/in/**/*.csv", key: 'in/(\\d+)/', quiet: 5s, into: source}`)
    for (const name of ['1/a.csv', '2/a.csv', '1/b.csv']) await hear(object(name))
    await walk.drain()
    expect((await batchesOf()).map(({ key, sums, state }) => [key, sums.objects, state])).toEqual([
      ['1', 2, 'closed'],
      ['2', 1, 'closed'],
    ])
    expect(await runsOf()).toHaveLength(2)
  })

  it('is one for all that the groups of its key find, however many there are', async () => {
    declare(`{uri: "gs://acme/in/**/*.csv", key: 'in/(?:eu|us)/(\\d{4})-(\\d{2})/', quiet: 5s, into: source}`)
    for (const name of ['eu/2026-11/a.csv', 'us/2026-11/a.csv', 'eu/2026-12/a.csv', 'eu/2027-11/a.csv'])
      await hear(object(name))
    const lost = await hear(object('asia/2026-11/a.csv'))
    await walk.drain()
    expect((await batchesOf()).map(({ key, sums }) => [key, sums.objects])).toEqual([
      ['2026/11', 2],
      ['2026/12', 1],
      ['2027/11', 1],
    ])
    expect(await walk.get('change', lost)).toMatchObject({
      state: 'ignored',
      reason: expect.stringContaining('the key'),
    })
  })

  it('waits for its least, says what is missing, and goes on when that came', async () => {
    declare('{uri: "gs://acme/in/*", quiet: 5s, maxWait: 20s, minimum: {objects: 3, bytes: 1kB}, into: source}')
    await hear(object('a.csv'))
    await hear(object('b.csv'))
    await later(30_000)
    const waiting = (await batchesOf())[0]
    expect(waiting).toMatchObject({ state: 'open', reason: 'waits for more: it has 2 of 3 objects, 20 B of 1 kB' })
    expect(waiting?.nextAt).toBeGreaterThan(walk.now())
    await hear(object('c.csv', '1', { size: 980 }))
    await walk.drain()
    expect((await runsOf()).map(({ state }) => state)).toEqual(['succeeded'])
  })

  it('counts the rows that a table gained since its last run', async () => {
    declare('{uri: "bq://acme.beans.beans", quiet: 5s, maxWait: 20s, minimum: {rows: 100}, into: source}')
    const table = (generation: string, rows: number) => object('bq://acme.beans.beans', generation, { size: 0, rows })
    await hear(table('1', 150))
    await walk.drain()
    await hear(table('2', 190))
    await later(30_000)
    expect((await batchesOf()).at(-1)).toMatchObject({ state: 'open', reason: 'waits for more: it has 40 of 100 rows' })
    await hear(table('3', 250))
    await walk.drain()
    expect((await runsOf()).map(({ manifest }) => manifest[0]?.rows)).toEqual([150, 250])
  })

  it('asks the source for rows that nobody told of, and says where it does not answer', async () => {
    declare('{uri: "bq://acme.beans.beans", quiet: 5s, maxWait: 20s, minimum: {rows: 100}, into: source}')
    const uri = 'bq://acme.beans.beans'
    await hear(object(uri, '2', { size: 0 }))
    walk.data.state.fault = new Fault('source_unavailable', 'BigQuery does not answer', { retryable: true })
    await later(10_000)
    expect((await batchesOf())[0]?.reason).toBe('its rows cannot be counted: BigQuery does not answer')
    walk.data.state.fault = undefined
    walk.data.write(object(uri, '1', { size: 0, rows: 90 }))
    await later(40_000)
    expect((await batchesOf())[0]?.reason).toBe('waits for more: it has 90 of 100 rows')
    await hear(object(uri, '3', { size: 0 }))
    walk.data.write(object(uri, '3', { size: 0, rows: 120 }))
    await walk.drain()
    expect((await runsOf()).map(({ state, manifest }) => [state, manifest[0]?.rows])).toEqual([['succeeded', 120]])
  })

  it('says that winnow.yaml has to be corrected first', async () => {
    declare('{uri: "gs://acme/in/*", quiet: 5s, into: source}')
    await hear(object('a.csv'))
    await soon()
    walk.commit('main', { ...goodFiles, 'winnow.yaml': 'version: 2' })
    await later(10_000)
    expect((await batchesOf())[0]).toMatchObject({
      state: 'open',
      reason: expect.stringMatching(/^waits for a correction: winnow.yaml has/),
    })
    declare('{uri: "gs://other/*", into: source}')
    walk.commit('main', { ...goodFiles })
    await walk.drain()
    expect((await batchesOf())[0]).toMatchObject({
      state: 'empty',
      reason: 'no pipeline beans waits for its data any more',
    })
  })
})

describe('a marker', () => {
  beforeEach(() => declare('{uri: "gs://acme/in/**/*.csv", marker: _SUCCESS, quiet: 5s, maxWait: 60s, into: source}'))
  const marker = (folder: string) => object(`${folder}/_SUCCESS`, '1', { size: 0 })

  it('closes the batch of its folder at once, and no other', async () => {
    await hear(object('1/a.csv'))
    await hear(object('2/a.csv'))
    await soon()
    const id = await hear(marker('1'))
    await soon()
    expect((await batchesOf()).map(({ key, state }) => [key, state])).toEqual([
      ['gs://acme/in/1', 'closed'],
      ['gs://acme/in/2', 'open'],
    ])
    expect((await walk.get('change', id)).reason).toMatch(/^is the marker of batch \d+ of beans for gs:\/\/acme\/in\/1/)
    expect((await runsOf())[0]?.parameters['source']).toEqual(['gs://acme/in/1/a.csv'])
  })

  it('that does not come is waited for, for as long as it takes', async () => {
    await hear(object('1/a.csv'))
    await soon()
    expect((await batchesOf())[0]?.reason).toBe('waits for its marker _SUCCESS')
    for (let i = 0; i < 5; i++) await later(60_000)
    const batch = (await batchesOf())[0]
    expect(batch).toMatchObject({
      state: 'open',
      reason: 'its marker _SUCCESS has not come in 1m 0s; an upload that nobody finished is not read',
    })
    expect(batch?.nextAt).toBeGreaterThan(walk.now())
    await hear(marker('1'))
    await walk.drain()
    expect((await runsOf()).map(({ state }) => state)).toEqual(['succeeded'])
  })

  it('that is deleted before its batch closed did not come', async () => {
    declare(
      '{uri: "gs://acme/in/**/*.csv", marker: _SUCCESS, quiet: 5s, maxWait: 60s, minimum: {objects: 2}, into: source}',
    )
    await hear(object('1/a.csv'))
    await hear(marker('1'))
    await soon()
    expect((await batchesOf())[0]?.reason).toBe('waits for more: it has 1 of 2 objects')
    await hear(marker('1'), 'deleted')
    await hear(object('1/b.csv'))
    await later(10_000)
    expect((await batchesOf())[0]).toMatchObject({ state: 'open', reason: 'waits for its marker _SUCCESS' })
    await hear(object('1/_SUCCESS', '2', { size: 0 }))
    await walk.drain()
    expect((await runsOf()).map(({ state, manifest }) => [state, namesOf(manifest)])).toEqual([
      ['succeeded', ['a.csv#1', 'b.csv#1']],
    ])
  })

  it('that has no files ends the batch', async () => {
    await hear(marker('1'))
    await soon()
    expect((await batchesOf())[0]?.reason).toBe('its marker gs://acme/in/1/_SUCCESS came, and no file with it yet')
    await later(10_000)
    expect((await batchesOf())[0]).toMatchObject({
      state: 'empty',
      reason: 'its marker gs://acme/in/1/_SUCCESS came, and no file with it',
    })
    expect(await runsOf()).toEqual([])
  })

  it('that is told before its files closes nothing without them', async () => {
    for (const name of ['1/a.csv', '1/b.csv']) walk.data.write(object(name))
    await hear(marker('1'))
    await hear(object('1/a.csv'))
    await walk.drain()
    expect((await runsOf()).map(({ manifest }) => namesOf(manifest))).toEqual([['a.csv#1', 'b.csv#1']])
    const late = await hear(object('1/b.csv'))
    expect(await walk.get('change', late)).toMatchObject({ state: 'batched', sender: 'poll' })
  })
})

describe('a batch that closes while an earlier run is under way', () => {
  const drop = async (name: string, generation = '1') => {
    await hear(object(name, generation))
    await later(6_000)
    await later(2_000)
  }
  const stateOf = async () => (await runsOf()).map(({ state, manifest }) => [state, ...namesOf(manifest)])

  it('queue: waits for it, and says so', async () => {
    declare('{uri: "gs://acme/in/*", quiet: 5s, into: source}')
    walk.fate.next = { endless: true }
    await drop('a.csv')
    await drop('b.csv')
    const [first, second] = await runsOf()
    expect(first?.state).toBe('running')
    expect(second).toMatchObject({ state: 'built', reason: `waits for run ${first?.id}, which came before with data` })
    walk.fate.next = { accuracy: 0.95 }
    await walk.drain()
    expect(await stateOf()).toEqual([
      ['succeeded', 'a.csv#1'],
      ['succeeded', 'b.csv#1'],
    ])
    expect((await runsOf())[1]?.launchedAt).toBeGreaterThanOrEqual((await runsOf())[0]?.endedAt as number)
  })

  it('queue: goes on as soon as that has ended, however long it has waited', async () => {
    declare('{uri: "gs://acme/in/*", quiet: 5s, into: source}')
    walk.fate.next = { endless: true }
    for (const name of ['a.csv', 'b.csv', 'c.csv']) await drop(name)
    await later(300_000)
    walk.fate.next = { accuracy: 0.95 }
    await walk.drain()
    const runs = await runsOf()
    expect(runs.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded'])
    const waits = runs.slice(1).map(({ launchedAt }, i) => (launchedAt ?? 0) - (runs[i]?.endedAt ?? 0))
    expect(waits.filter((wait) => wait < 0 || wait > 100)).toEqual([])
  })

  it('queue: goes on as soon as that gave way to what changed', async () => {
    declare('{uri: "gs://acme/in/*", quiet: 5s, into: source}')
    walk.fate.next = { endless: true }
    for (const name of ['a.csv', 'b.csv', 'c.csv']) await drop(name)
    await later(300_000)
    walk.data.write(object('b.csv', '2'))
    walk.fate.next = { accuracy: 0.95 }
    await walk.drain()
    const [, gaveWay, last] = await runsOf()
    expect(gaveWay).toMatchObject({ state: 'superseded' })
    expect((last?.launchedAt ?? 0) - (gaveWay?.endedAt ?? 0)).toBeLessThan(100)
  })

  it('replace: takes over the data of the run that waits', async () => {
    declare('{uri: "gs://acme/in/*", quiet: 5s, overlap: replace, into: source}')
    walk.fate.next = { endless: true }
    await drop('a.csv')
    await drop('b.csv')
    await drop('c.csv')
    walk.fate.next = { accuracy: 0.95 }
    await walk.drain()
    expect(await stateOf()).toEqual([
      ['succeeded', 'a.csv#1'],
      ['superseded', 'b.csv#1'],
      ['succeeded', 'b.csv#1', 'c.csv#1'],
    ])
    expect((await runsOf())[1]).toMatchObject({ givenTo: (await runsOf())[2]?.id })
  })

  it('cancel: cancels the run that is under way and takes over its data', async () => {
    declare('{uri: "gs://acme/in/*", quiet: 5s, overlap: cancel, into: source}')
    walk.fate.next = { endless: true }
    await drop('a.csv')
    await drop('b.csv')
    walk.fate.next = { accuracy: 0.95 }
    await walk.drain()
    expect(await stateOf()).toEqual([
      ['cancelled', 'a.csv#1'],
      ['succeeded', 'a.csv#1', 'b.csv#1'],
    ])
  })

  it('of another key: waits, whatever the rule', async () => {
    declare(`{uri: "gs://acme/in/**", key: 'in/(\\d)/', quiet: 5s, overlap: cancel, into: source}`)
    walk.fate.next = { endless: true }
    await drop('1/a.csv')
    await drop('2/a.csv')
    walk.fate.next = { accuracy: 0.95 }
    await walk.drain()
    expect((await runsOf()).map(({ state }) => state)).toEqual(['succeeded', 'succeeded'])
  })
})

describe('data that changes', () => {
  const quiet = '{uri: "gs://acme/in/*", quiet: 5s, into: source}'
  const uri = (name: string) => `gs://acme/in/${name}`

  it('before it is read: what is left goes to the next batch, and the new generation is told once', async () => {
    declare(quiet)
    for (const name of ['a.csv', 'b.csv', 'c.csv']) await hear(object(name))
    await soon()
    walk.data.write(object('b.csv', '2'))
    walk.data.remove(uri('c.csv'))
    await walk.drain()
    const [before, next] = await batchesOf()
    const [superseded, run] = await runsOf()
    expect(superseded).toMatchObject({
      state: 'superseded',
      reason: `2 objects of its data changed before it was read; the others went back to batch ${next?.id}`,
      details: [`${uri('b.csv')} is at generation 2 now, not 1`, `${uri('c.csv')}#1 is not there any more`],
      jobId: null,
    })
    expect(before?.reason).toContain(`run ${superseded?.id} was not launched`)
    expect(run).toMatchObject({ state: 'succeeded', batch: next?.id })
    expect(namesOf(run?.manifest ?? [])).toEqual(['a.csv#1', 'b.csv#2'])
    expect(await walk.store.list('change', { dedupeKey: `data:beans:${uri('b.csv')}#2:written` })).toHaveLength(1)
  })

  it('before it is read: rows that were to be read count again in the next batch', async () => {
    declare('{uri: "bq://acme.beans.*", quiet: 5s, maxWait: 20s, minimum: {rows: 100}, into: source}')
    const table = (name: string, generation: string, rows: number) =>
      object(`bq://acme.beans.${name}`, generation, { size: 0, rows })
    await hear(table('a', '1', 60))
    await hear(table('b', '1', 60))
    await soon()
    walk.pass(5_000)
    await walk.drain({ jobs: 1 })
    expect(await runsOf()).toMatchObject([{ state: 'wanted' }])
    // Beside what the run is about to read it has gained ten rows: too few, until the run gives the others back.
    await hear(table('a', '2', 70))
    await walk.drain()
    expect((await runsOf()).map(({ state, manifest }) => [state, namesOf(manifest)])).toEqual([
      ['superseded', ['acme.beans.a#1', 'acme.beans.b#1']],
      ['succeeded', ['acme.beans.a#2', 'acme.beans.b#1']],
    ])
    expect((await batchesOf())[1]).toMatchObject({ sums: { objects: 2, rows: 130 }, counted: {} })
  })

  it('until nothing is left of it starts nothing', async () => {
    declare(quiet)
    await hear(object('a.csv'))
    await soon()
    walk.data.remove(uri('a.csv'))
    await walk.drain()
    expect(await runsOf()).toMatchObject([
      { state: 'superseded', reason: '1 object of its data changed before it was read; none is left' },
    ])
    expect(await batchesOf()).toHaveLength(1)
  })

  it('in mid-run is told by the run, and a gate can ask for it', async () => {
    declare(quiet)
    walk.commit('main', {
      ...goodFiles,
      'winnow.yaml': winnowYaml({ on: `{data: ${quiet}}` }),
      'policies/beans.yaml':
        'version: 1\nmodel: beans\ngates:\n  good enough: {metric: accuracy, atLeast: 0.9}\n  same data: {check: "data.changedDuringRun == 0"}\n',
    })
    walk.fate.next = { endless: true }
    await hear(object('a.csv'))
    await later(6_000)
    await later(1_000)
    expect((await runsOf())[0]?.state).toBe('running')
    walk.data.write(object('a.csv', '2'))
    walk.fate.next = { accuracy: 0.95 }
    await walk.drain()
    const [run] = await runsOf()
    const told = `its data changed while it ran: ${uri('a.csv')} is at generation 2 now, not 1`
    expect(run).toMatchObject({ state: 'succeeded', changedData: [uri('a.csv')], details: [told] })
    expect((await walk.store.history('run', run?.id as number)).map(({ why }) => why)).toContain(told)
    const [verdict] = await walk.store.list('verdict')
    expect(verdict).toMatchObject({ state: 'fail' })
    expect(verdict?.receipt?.evidence.metrics['data.changedDuringRun']).toBe(1)
  })

  it('in mid-run is part of the reason of a verdict whose gates do not ask', async () => {
    declare(quiet, { judged: true })
    walk.fate.next = { endless: true }
    await hear(object('a.csv'))
    await later(6_000)
    await later(1_000)
    walk.data.write(object('a.csv', '2'))
    walk.fate.next = { accuracy: 0.95 }
    await walk.drain()
    expect((await walk.store.list('verdict'))[0]?.receipt?.reason).toBe(
      'its one gate passed; 1 object of its data changed while the run read it',
    )
  })

  it('that did not change is a fact, too', async () => {
    declare(quiet, { judged: true })
    await hear(object('a.csv'))
    await walk.drain()
    const { receipt } = (await walk.store.list('verdict'))[0] ?? {}
    expect(receipt?.evidence.metrics['data.changedDuringRun']).toBe(0)
    expect(receipt?.reason).toBe('its one gate passed')
  })

  it('where nobody may look is waited for before the launch, and said after it', async () => {
    declare(quiet, { judged: true })
    walk.data.state.fault = new Fault('source_refused', 'gs://acme/ may not be read', {
      remedy: 'give the account the right to read it',
    })
    await hear(object('a.csv'))
    await later(10_000)
    expect((await runsOf())[0]).toMatchObject({
      state: 'built',
      reason: 'waits for its data: gs://acme/ may not be read',
      details: ['give the account the right to read it'],
    })
    expect((await runsOf())[0]?.nextAt).toBeGreaterThan(walk.now())
    walk.data.state.fault = undefined
    walk.fate.next = { endless: true }
    await later(600_000)
    expect((await runsOf())[0]).toMatchObject({ state: 'running', details: [] })
    walk.data.state.fault = new Fault('source_unavailable', 'gs://acme/ does not answer', { retryable: true })
    walk.fate.next = { accuracy: 0.95 }
    await walk.drain()
    expect((await runsOf())[0]).toMatchObject({
      state: 'succeeded',
      changedData: null,
      details: ['whether its data changed while it ran is not known: gs://acme/ does not answer'],
    })
    expect((await walk.store.list('verdict'))[0]?.receipt?.evidence.metrics).not.toHaveProperty([
      'data.changedDuringRun',
    ])
  })

  it('that nothing in the config can look at is believed, and that is said', async () => {
    declare(quiet)
    walk.data.state.blind = true
    await hear(object('a.csv'))
    await walk.drain()
    expect((await runsOf())[0]).toMatchObject({
      state: 'succeeded',
      details: [
        'whether its data changed while it ran is not known: nothing in the config can look at gs://acme/in/a.csv',
      ],
    })
  })

  it('before another attempt at it fails that attempt: it cannot be read again', async () => {
    declare(quiet)
    walk.commit('main', {
      ...goodFiles,
      'winnow.yaml': winnowYaml({ on: `{data: ${quiet}}` }),
      'policies/beans.yaml': `${goodFiles['policies/beans.yaml']}otherwise:\n  retrain: {attempts: 2, cooldown: 1h}\n`,
    })
    walk.fate.next = { accuracy: 0.5 }
    await hear(object('a.csv'))
    await later(10_000)
    await later(5_000)
    walk.data.write(object('a.csv', '2'))
    await walk.drain()
    expect((await runsOf())[1]).toMatchObject({
      attempt: 2,
      state: 'failed',
      reason: 'the data that it was to read again is not what it was',
    })
  })
})

const listingPipeline = {
  ...goodFiles,
  'winnow.yaml': winnowYaml({ on: '{data: {uri: "gs://acme/in/*", quiet: 5s, manifest: listing}}' }),
  'pipelines/beans.json': JSON.stringify({
    schemaVersion: '2.1.0',
    root: {
      inputDefinitions: { parameters: { target: { parameterType: 'STRING' }, listing: { parameterType: 'STRING' } } },
    },
  }),
}

describe('a manifest', () => {
  it('is a file that the pipeline is given, written before the launch', async () => {
    walk.commit('main', listingPipeline)
    await hear(object('b.csv', '4', { checksum: 'crc32c:AAAAAA==' }))
    await hear(object('a.csv', '3', { rows: 7 }))
    await walk.drain()
    const [run] = await runsOf()
    expect(run?.state).toBe('succeeded')
    const [batch] = await batchesOf()
    const address = run?.parameters['listing'] as string
    expect(address).toBe(run?.manifestFile)
    expect(JSON.parse(await readFile(fileURLToPath(address), 'utf8'))).toEqual({
      version: 1,
      repository: 'beans',
      pipeline: 'beans',
      batch: batch?.id,
      key: '',
      digest: expect.stringMatching(/^sha256:/),
      objects: [
        { uri: 'gs://acme/in/a.csv', generation: '3', size: 10, rows: 7 },
        { uri: 'gs://acme/in/b.csv', generation: '4', size: 10, checksum: 'crc32c:AAAAAA==' },
      ],
    })
  })

  it('that its bucket refuses keeps the run waiting, which says so until it may be written', async () => {
    const state = { refuses: true }
    const written = new Map<string, string>()
    walk = await createWalk(database, {
      bounds: { addresses: ['gs://acme/'] },
      manifests: {
        address: (_target, name) => `gs://acme-pipelines/winnow-manifests/${name}`,
        write: async (address, text) => {
          if (state.refuses)
            throw new Fault('source_refused', `${address} was refused: HTTP 403`, { remedy: 'Grant it.' })
          written.set(address, text)
        },
      },
    })
    walk.commit('main', listingPipeline)
    await hear(object('a.csv'))
    await later(6_000)
    const [waiting] = await runsOf()
    expect(waiting).toMatchObject({
      state: 'built',
      reason: `waits: its manifest cannot be written: ${waiting?.manifestFile} was refused: HTTP 403`,
      details: ['Grant it.'],
    })
    expect(waiting?.nextAt).toBeGreaterThan(walk.now())
    state.refuses = false
    await walk.drain()
    const [run] = await runsOf()
    expect(run).toMatchObject({ state: 'succeeded', details: [] })
    expect([...written.keys()]).toEqual([run?.parameters['listing']])
    // A bucket may be one that triggers watch.
    const told = await hear(object(run?.manifestFile as string))
    await walk.drain()
    expect(await walk.get('change', told)).toMatchObject({
      state: 'ignored',
      reason: `${run?.manifestFile} is a manifest that Winnow wrote`,
    })
  })
})
