import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DatabasePool } from '../../src/adapters/database-pool.ts'
import { createStore, type OpenStore } from '../../src/adapters/store/store.ts'
import { type ChangeOutcome, endChange } from '../../src/domain/change.ts'
import { digestJson } from '../../src/domain/digest.ts'
import type { ChangeFilter } from '../../src/domain/ledger.ts'
import type { NewRow, RowKind, Rows } from '../../src/domain/ports/store.ts'
import { reconcileLedger } from '../../src/ledger/reconcile-ledger.ts'
import { someRun } from '../fakes/rows.ts'
import { describeDatabases, openPool, type TestDatabase } from './databases.ts'
import { insertBatch, someBatch, someChange, unique } from './rows.ts'

const day = 86_400_000
const start = 20_000 * day

describeDatabases('the ledger', ({ make }) => {
  let database: TestDatabase
  let pool: DatabasePool
  let store: OpenStore
  let now = start
  beforeAll(async () => {
    database = await make()
    pool = await openPool(database.options)
    store = await createStore(pool, () => now)
  })
  afterAll(async () => {
    await store.close()
    await database.dispose()
  })
  beforeEach(async () => {
    now = start
    for (const table of ['change', 'batch', 'run', 'outbox', 'acknowledged', 'refused', 'archived'])
      await pool.query(`delete from winnow.${table}`)
  })

  const insert = <K extends RowKind>(kind: K, row: NewRow<K>): Promise<Rows[K]> =>
    store.transaction((tx) => tx.insert(kind, row))
  const record = async (over: Partial<NewRow<'change'>> = {}, outcome?: ChangeOutcome) => {
    const { change } = await store.recordChange(someChange({ receivedAt: now, sender: 'github', ...over }))
    return outcome === undefined ? change : store.transaction((tx) => tx.update('change', endChange(change, outcome)))
  }
  const data = (uri: string, generation = '1') =>
    ({ kind: 'data', pipeline: 'train', uri, generation, size: 1 }) as const
  const reconcile = async (since: number | null = null) => reconcileLedger(await store.account(since))

  describe('lists', () => {
    const ids = async (filter: ChangeFilter, limit = 100, before?: number) =>
      (await store.findChanges(filter, limit, before)).map(({ id }) => id)

    it('are narrowed by every filter, alone and together', async () => {
      const a = await record({ repository: 'peas', author: 'ada', receivedAt: start - 2 * day })
      const b = await record({ sender: 'pubsub', cause: data('gs://acme/50%_a.csv') })
      const c = await record({ cause: { kind: 'request', pipeline: 'train', by: 'grace' } })
      const d = await record({}, { state: 'started', reason: 'its branch matches: RUN 1 of train' })
      const batch = await insert('batch', someBatch({ pipeline: 'nightly' }))
      const e = await record(
        { sender: 's3', cause: { ...data('s3://acme/b.csv'), pipeline: null } },
        { state: 'batched', reason: 'joined', batch: batch.id },
      )
      await insert('run', someRun({ change: d.id, pipeline: 'train' }))
      expect(await ids({})).toEqual([e.id, d.id, c.id, b.id, a.id])
      expect(await ids({ repository: 'peas' })).toEqual([a.id])
      expect(await ids({ state: 'started' })).toEqual([d.id])
      expect(await ids({ kind: 'data' })).toEqual([e.id, b.id])
      expect(await ids({ sender: 'pubsub' })).toEqual([b.id])
      expect(await ids({ author: 'ada' })).toEqual([a.id])
      expect(await ids({ pipeline: 'train' })).toEqual([d.id, c.id, b.id])
      expect(await ids({ pipeline: 'nightly' })).toEqual([e.id])
      expect(await ids({ since: start })).toEqual([e.id, d.id, c.id, b.id])
      expect(await ids({ until: start })).toEqual([a.id])
      expect(await ids({ search: 'run 1' })).toEqual([d.id])
      expect(await ids({ search: '50%_A' })).toEqual([b.id])
      // A key of the cause is no mention.
      expect(await ids({ search: 'generation' })).toEqual([])
      expect(await ids({ kind: 'data', sender: 's3', since: start, pipeline: 'nightly' })).toEqual([e.id])
      expect(await ids({ repository: "'; drop table winnow.change; --" })).toEqual([])
      expect(await store.sumChanges({}, 'state')).toEqual({ recorded: 3, started: 1, batched: 1 })
      expect(await store.sumChanges({}, 'kind')).toEqual({ push: 2, data: 2, request: 1 })
      expect(await store.sumChanges({ since: start }, 'sender')).toEqual({ github: 2, pubsub: 1, s3: 1 })
    })

    it('page without overlap or gap while more comes', async () => {
      const all = []
      for (let i = 0; i < 7; i++) all.unshift((await record()).id)
      const first = await ids({}, 3)
      await record()
      const second = await ids({}, 3, first.at(-1))
      expect([...first, ...second, ...(await ids({}, 3, second.at(-1)))]).toEqual(all)
    })
  })

  describe('the account', () => {
    it('counts what was acknowledged apart from its rows, by sender and day', async () => {
      await record()
      await record({ sender: 'pubsub' }, { state: 'ignored', reason: 'no trigger' })
      const once = someChange({ sender: 'pubsub', receivedAt: start })
      await store.recordChange(once)
      await store.recordChange(once)
      // What a step makes is counted, too.
      await insert('change', someChange({ receivedAt: start - 3 * day }))
      const report = await reconcile()
      expect(report).toMatchObject({ matches: true, acknowledged: 4, outcomes: { open: 3, ignored: 1 } })
      expect(report.senders.map(({ sender, acknowledged }) => [sender, acknowledged])).toEqual([
        ['github', 1],
        ['pubsub', 2],
        ['winnow', 1],
      ])
      expect(await reconcile(start + 5)).toMatchObject({ since: start, matches: true, acknowledged: 3 })
    })

    it.each([
      ['a row that is gone', 'delete from winnow.change', 'github: 1 acknowledged, 0 accounted for: 1 missing'],
      [
        'a count that is gone',
        'delete from winnow.acknowledged',
        'github: 0 acknowledged, 1 accounted for: 1 too many',
      ],
      [
        'a row that another sender is said to have sent',
        "update winnow.change set sender = 'gitlab' where sender = 'github'",
        'github: 1 acknowledged, 0 accounted for: 1 missing',
      ],
    ])('does not match with %s', async (_, damage, fault) => {
      await record()
      expect((await reconcile()).faults).toEqual([])
      await pool.query(damage)
      expect((await reconcile()).faults).toContain(fault)
    })

    it('counts refusals by day', async () => {
      await store.addRefusals([{ sender: 'github', reason: 'forged', count: 2 }])
      now += day
      await store.addRefusals([
        { sender: 'github', reason: 'forged', count: 3 },
        { sender: '', reason: 'unreadable', count: 1 },
      ])
      expect((await reconcile()).refused).toEqual([
        { sender: '', reason: 'unreadable', count: 1 },
        { sender: 'github', reason: 'forged', count: 5 },
      ])
      expect((await reconcile(now)).refused).toContainEqual({ sender: 'github', reason: 'forged', count: 3 })
    })

    it('counts refusals all or none, so that they can be told again', async () => {
      const counts = [
        { sender: 'git', reason: 'noJson', count: 1 },
        { sender: 'github', reason: 'forged', count: 2 ** 80 },
      ] as const
      await expect(store.addRefusals(counts)).rejects.toThrow()
      expect((await reconcile()).refused).toEqual([])
    })
  })

  describe('the rules between rows', () => {
    const identity = digestJson('identity')
    const broken = async () => (await store.account(null)).breaches.map(({ rule, rows }) => [rule, ...rows])

    it('hold for what belongs together', async () => {
      const change = await record({}, { state: 'started', reason: '' })
      await insert('run', someRun({ change: change.id, identity, state: 'failed' }))
      await insert('run', someRun({ change: change.id, identity, state: 'reused' }))
      const batch = await insertBatch(store, [{ uri: 'gs://a/1', generation: '2', size: 1 }], { state: 'closed' })
      const joined = { state: 'batched', reason: '', batch: batch.id } as const
      const older = await record({ cause: data('gs://a/1', '1') }, joined)
      await record({ cause: data('gs://a/1', '2') }, joined)
      await record({ cause: data('gs://a/2') }, joined)
      await record({ cause: { ...data('gs://a/2'), event: 'deleted' } }, joined)
      const run = await insert('run', someRun({ change: older.id, batch: batch.id }))
      await store.transaction((tx) => tx.update('batch', { ...batch, run: run.id }))
      // A run that gave way has handed its objects on: they are in the next batch as well.
      const pipeline = unique('pipeline')
      const handed = [{ uri: 'gs://a/9', generation: '1', size: 1 }]
      const gave = await insert('run', someRun({ change: older.id, state: 'superseded' }))
      await insertBatch(store, handed, { pipeline, state: 'closed', run: gave.id })
      await insertBatch(store, handed, { pipeline })
      expect(await broken()).toEqual([])
    })

    it('are broken by what does not', async () => {
      const started = await record({}, { state: 'started', reason: '' })
      const lonely = await insert('run', someRun({ change: 999_999 }))
      const twice = [
        await insert('run', someRun({ change: 999_999, identity, state: 'failed' })),
        await insert('run', someRun({ change: 999_999, identity, state: 'running' })),
      ]
      const objects = [{ uri: 'gs://a/1', generation: '1', size: 1 }]
      const pipeline = unique('pipeline')
      const batches = [
        await insertBatch(store, objects, { pipeline, state: 'closed' }),
        await insertBatch(store, objects, { pipeline }),
      ]
      const off = await insertBatch(store, [{ uri: 'gs://a/4', generation: '1', size: 7 }])
      await store.transaction((tx) => tx.update('batch', { ...off, sums: { ...off.sums, bytes: 6 } }))
      const short = await insertBatch(store, [])
      await store.transaction((tx) => tx.putObjects(short.id, [{ uri: 'gs://a/5', generation: '1', size: 0 }]))
      const [closed] = batches
      const lost = await record({ cause: data('gs://a/3') }, { state: 'batched', reason: '', batch: closed?.id ?? 0 })
      expect(await broken()).toEqual([
        ['launchedTwice', `runs ${twice.map(({ id }) => id).join(' and ')}`],
        ['startedWithoutRun', `change ${started.id}`],
        ['notInItsBatch', `change ${lost.id}`],
        ['inTwoBatches', `gs://a/1#1 in batches ${batches.map(({ id }) => id).join(' and ')}`],
        ['sumsAreOff', `batch ${off.id}`, `batch ${short.id}`],
        ['closedWithoutRun', `batch ${closed?.id}`],
        ['runWithoutChange', ...[lonely, ...twice].map(({ id }) => `run ${id}`)],
      ])
    })

    it('ask for every step within its time', async () => {
      const { id } = await record()
      now += 299_999
      expect(await broken()).toEqual([])
      now += 2
      expect(await broken()).toEqual([['notQueued', `match of change ${id}`]])
    })
  })
})
