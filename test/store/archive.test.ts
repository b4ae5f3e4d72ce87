import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createArchiveFolder } from '../../src/adapters/archives/archive-folder.ts'
import type { DatabasePool } from '../../src/adapters/database-pool.ts'
import { createStore, type OpenStore } from '../../src/adapters/store/store.ts'
import type { ArchiveFolder } from '../../src/domain/archive.ts'
import { type ChangeOutcome, endChange, pollSender } from '../../src/domain/change.ts'
import { digestJson } from '../../src/domain/digest.ts'
import type { NewRow, RowKind, Rows } from '../../src/domain/ports/store.ts'
import { reconcileLedger } from '../../src/ledger/reconcile-ledger.ts'
import { trace } from '../../src/ledger/trace.ts'
import { withArchives } from '../../src/ledger/with-archives.ts'
import { archiveEnded } from '../../src/workers/loops/keep-archives.ts'
import { someReceipt, someRelease, someRun } from '../fakes/rows.ts'
import { describeDatabases, openPool, type TestDatabase } from './databases.ts'
import { insertBatch, someChange, someVerdict } from './rows.ts'

const day = 86_400_000
const signal = new AbortController().signal

describeDatabases('archives', ({ make }) => {
  let database: TestDatabase
  let pool: DatabasePool
  let store: OpenStore
  let path: string
  let folder: ArchiveFolder
  let now = 0
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
    now = 20_000 * day
    const tables = [
      'change',
      'batch',
      'batch_object',
      'run',
      'verdict',
      'release',
      'history',
      'outbox',
      'acknowledged',
      'archived',
      'archive_file',
    ]
    await pool.query(`truncate ${tables.map((table) => `winnow.${table}`).join(', ')}`)
    path = await mkdtemp(join(tmpdir(), 'winnow-archive-'))
    folder = createArchiveFolder(path)
    return () => rm(path, { recursive: true, force: true })
  })

  const insert = <K extends RowKind>(kind: K, row: NewRow<K>): Promise<Rows[K]> =>
    store.transaction((tx) => tx.insert(kind, row))
  const started = { state: 'started', reason: 'run' } as const
  const record = async (
    outcome: ChangeOutcome | null = { state: 'ignored', reason: 'no trigger' },
    over: Partial<NewRow<'change'>> = {},
  ) => {
    const { change } = await store.recordChange(someChange({ receivedAt: now, sender: 'github', ...over }))
    return outcome === null ? change : store.transaction((tx) => tx.update('change', endChange(change, outcome)))
  }
  /** A change with its run, and what came of that. */
  const story = async (
    over: {
      run?: Partial<NewRow<'run'>>
      verdict?: Partial<NewRow<'verdict'>>
      release?: Partial<NewRow<'release'>>
    } = {},
  ) => {
    const change = await record(started)
    const run = await insert(
      'run',
      someRun({ change: change.id, state: 'succeeded', identity: digestJson(change.id), ...over.run }),
    )
    const verdict = await insert(
      'verdict',
      someVerdict({ run: run.id, state: 'pass', receipt: someReceipt(), ...over.verdict }),
    )
    const release = await insert(
      'release',
      someRelease({ run: run.id, latestRun: run.id, verdict: verdict.id, state: 'retired', ...over.release }),
    )
    return { change, run, verdict, release }
  }
  const archive = (into: ArchiveFolder = folder) =>
    archiveEnded({ store, folder: into, after: 90 * day, now: () => now }, signal)
  /** What does not hold, once a relay has looked. */
  const faults = async () => {
    await pool.query('delete from winnow.outbox')
    return reconcileLedger(await store.account(null)).faults
  }
  const left = async () => (await store.list('change')).map(({ id }) => id).reverse()

  it('take whole stories that ended long ago, and both sides still match', async () => {
    const old = await story()
    const ignored = await record()
    now += 60 * day
    const recent = await record()
    expect(await archive()).toBe(0)
    now += 31 * day
    expect(await archive()).toBe(5)
    expect(await left()).toEqual([recent.id])
    for (const kind of ['run', 'verdict', 'release'] as const) expect(await store.list(kind)).toEqual([])
    expect(await store.history('change', old.change.id)).toEqual([])
    expect(await faults()).toEqual([])
    expect(reconcileLedger(await store.account(null)).outcomes).toEqual({
      ignored: 1,
      'archived started': 1,
      'archived ignored': 1,
    })
    expect(await store.sumChanges({}, 'kind')).toEqual({ push: 1, archived: 2 })
    expect(await store.findArchivedChanges({}, 10)).toEqual([ignored.id, old.change.id])
    expect(await store.findArchivedChanges({ state: 'started' }, 10)).toEqual([old.change.id])
    expect(await archive()).toBe(0)
    expect(await readdir(path)).toHaveLength(1)
  })

  it.each([
    ['a run that has not ended', { run: { state: 'running' } }],
    ['a verdict that is to be given', { verdict: { state: 'pending' } }],
    [
      'a verdict that waits for a person',
      { verdict: { state: 'inconclusive', follows: { kind: 'person', reason: '' } } },
    ],
    [
      'a verdict that waits for more data',
      { verdict: { state: 'inconclusive', follows: { kind: 'moreData', reason: '' } } },
    ],
    ['a release that is live', { release: { state: 'live' } }],
    ['a release that waits', { release: { state: 'held' } }],
    ['a release that is stuck', { release: { state: 'stuck' } }],
  ] as const)('leave a story with %s whole', async (_, over) => {
    const { change } = await story(over as never)
    now += 400 * day
    expect(await archive()).toBe(0)
    expect(await left()).toEqual([change.id])
  })

  it('leave what is open, parked, or still needed by what lives', async () => {
    const open = await record(null)
    const reused = await story()
    const alive = await story({ run: { reusedRun: reused.run.id, state: 'reused' }, release: { state: 'live' } })
    const push = {
      kind: 'push',
      ref: 'refs/heads/main',
      before: 'a'.repeat(40),
      commit: 'b'.repeat(40),
      deleted: false,
    } as const
    const ref = { sender: pollSender, ref: push.ref, repository: 'peas' }
    const older = await record({ state: 'ignored', reason: '' }, { ...ref, cause: push })
    const newest = await record(
      { state: 'ignored', reason: '' },
      { ...ref, cause: { ...push, before: push.commit, commit: 'c'.repeat(40) } },
    )
    now += 400 * day
    expect(await archive()).toBe(1)
    expect(await store.get('change', older.id)).toBeUndefined()
    expect(await left()).toEqual([open.id, reused.change.id, alive.change.id, newest.id])
    expect(await faults()).toEqual([])
  })

  it('take a batch with its run, and leave the newest of its line', async () => {
    const line = async () => {
      const objects = ['gs://a/1', 'gs://a/2'].map((uri) => ({ uri, generation: String(now), size: 1 }))
      const batch = await insertBatch(store, objects, { pipeline: 'train', state: 'closed' })
      const cause = { kind: 'data', pipeline: 'train', uri: 'gs://a/1', generation: String(now), size: 1 } as const
      const change = await record({ state: 'batched', reason: 'joined', batch: batch.id }, { cause })
      const run = await insert('run', someRun({ change: change.id, batch: batch.id, state: 'failed' }))
      await store.transaction((tx) => tx.update('batch', { ...batch, run: run.id }))
      now += 1_000
      return change.id
    }
    const [first, second] = [await line(), await line()]
    const before = await trace(store, 'change', first)
    now += 100 * day
    expect(await archive()).toBe(3)
    expect(await left()).toEqual([second])
    expect(await store.findArchivedChanges({}, 10)).toEqual([first])
    expect(await faults()).toEqual([])
    expect((await pool.query('select distinct generation from winnow.batch_object')).rows).toHaveLength(1)
    const reading = withArchives(store, folder)
    expect((await trace(reading, 'change', first))?.change).toEqual(before?.change)
    const [batch] = before?.change.children ?? []
    const all = await reading.objectsOf(batch?.id as number, 100)
    expect(all).toEqual(batch?.objects)
    expect(all).toHaveLength(2)
    expect(await reading.objectsOf(batch?.id as number, 1, all[0]?.uri)).toEqual([all[1]])
  })

  it('take an empty batch with the last change that was in it, also where that joined another one first', async () => {
    const ended = async (pipeline: string) => {
      const batch = await insertBatch(store, [], { pipeline, state: 'empty' })
      now += 1_000
      return batch.id
    }
    const [one, two] = [await ended('one'), await ended('two')]
    for (const pipeline of ['one', 'two']) await ended(pipeline)
    const cause = { kind: 'data', pipeline: null, uri: 'gs://a/1', generation: '1', size: 1 } as const
    const gone = { cause: { ...cause, event: 'deleted' } } as const
    await record({ state: 'batched', reason: 'left', batch: one, batches: [one, two] }, gone)
    now += 50 * day
    await record({ state: 'batched', reason: 'left', batch: two }, gone)
    now += 50 * day
    const batches = async () => (await store.list('batch')).map(({ id }) => id)
    // The second one stays: another of its changes has not ended for long enough.
    expect(await archive()).toBe(2)
    expect([(await batches()).includes(one), (await batches()).includes(two)]).toEqual([false, true])
    now += 50 * day
    expect(await archive()).toBe(2)
    expect((await batches()).includes(two)).toBe(false)
    expect(await faults()).toEqual([])
  })

  it('of before batches had their objects beside them are read as they are today', async () => {
    const objects = [{ uri: 'bq://p.d.t', generation: '1', size: 4, rows: 7 }]
    const { sums: _, ...row } = await insertBatch(store, [], { counted: { 'bq://p.d.t': 2 } })
    await folder.write('old.jsonl.gz', [{ kind: 'batch', row: { ...row, objects } as never, history: [] }], now)
    expect(await folder.read('old.jsonl.gz')).toEqual([
      { kind: 'batch', row: { ...row, sums: { objects: 1, bytes: 4, rows: 5, uncounted: 0 } }, history: [], objects },
    ])
  })

  it('go on knowing what was told: a late delivery is a duplicate, an identity is used up', async () => {
    const row = someChange({ receivedAt: now, sender: 'github', dedupeKey: 'told once 𝛌' })
    const { change } = await store.recordChange(row)
    await store.transaction((tx) => tx.update('change', endChange(change, started)))
    const identity = digestJson('the identity')
    await insert('run', someRun({ change: change.id, state: 'failed', identity }))
    now += 91 * day
    await archive()
    expect(await store.recordChange(row)).toMatchObject({
      duplicate: true,
      change: { id: change.id, state: 'started' },
    })
    expect(await left()).toEqual([])
    const ask = (of: typeof identity) => store.transaction((tx) => tx.isArchivedIdentity(of))
    expect([await ask(identity), await ask(digestJson('another'))]).toEqual([true, false])
    expect(await faults()).toEqual([])
  })

  it('lose and double nothing where a crash comes between the file and the transaction', async () => {
    const { change } = await story()
    now += 91 * day
    const dying: ArchiveFolder = {
      ...folder,
      write: async (...args) => {
        await folder.write(...args)
        throw new Error('killed')
      },
    }
    await expect(archive(dying)).rejects.toThrow('killed')
    expect(await left()).toEqual([change.id])
    expect(await faults()).toEqual([])
    now += 1
    expect(await archive()).toBe(4)
    expect(await left()).toEqual([])
    expect(await readdir(path)).toHaveLength(2)
    expect(await faults()).toEqual([])
    expect(reconcileLedger(await store.account(null)).outcomes).toEqual({ 'archived started': 1 })
  })

  it('take nothing where a row is written between the reading and the taking', async () => {
    const { change, verdict } = await story()
    now += 91 * day
    const slow: ArchiveFolder = {
      ...folder,
      write: async (...args) => {
        await store.transaction((tx) => tx.update('verdict', verdict))
        return folder.write(...args)
      },
    }
    expect(await archive(slow)).toBe(0)
    expect(await left()).toEqual([change.id])
    expect(await store.findArchivedChanges({}, 10)).toEqual([])
  })

  it('are read by number: the way of an archived change is as it was', async () => {
    const { change, run, release } = await story()
    const before = await trace(store, 'release', release.id)
    now += 91 * day
    await archive()
    expect(await trace(store, 'change', change.id)).toBeUndefined()
    for (const [kind, id] of [
      ['change', change.id],
      ['run', run.id],
      ['release', release.id],
    ] as const)
      expect((await trace(withArchives(store, folder), kind, id))?.change).toEqual(before?.change)
    expect(await withArchives(store, folder).history('change', change.id)).not.toEqual([])
  })

  describe('files', () => {
    const written = async (): Promise<string> => {
      await record()
      now += 91 * day
      await archive()
      return join(path, (await readdir(path))[0] as string)
    }

    it('are JSON lines with a head, and the digest that the store knows', async () => {
      const file = await written()
      const lines = gunzipSync(await readFile(file))
        .toString()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
      expect(lines).toMatchObject([
        { winnow: 'archive', version: 1 },
        { kind: 'change', row: { state: 'ignored' } },
        { records: 1 },
      ])
      const { rows } = await pool.query('select digest from winnow.archive_file')
      expect(rows).toEqual([{ digest: lines[2].digest }])
    })

    it.each([
      ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 20)],
      ['no archive', () => Buffer.from('hello')],
    ])('that are %s are refused', async (_, damage) => {
      const file = await written()
      await writeFile(file, damage(await readFile(file)))
      const [id] = await store.findArchivedChanges({}, 1)
      await expect(withArchives(store, folder).get('change', id as number)).rejects.toMatchObject({
        code: 'archive_damaged',
      })
    })
  })
})
