import { AsyncLocalStorage } from 'node:async_hooks'
import { randomInt } from 'node:crypto'
import type { ArchiveLedger } from '../../domain/archive.ts'
import type { FeedLedger, Sightings } from '../../domain/feed.ts'
import type { Json } from '../../domain/json.ts'
import type { LedgerReading } from '../../domain/ledger.ts'
import type { NewRow, Store, Transaction } from '../../domain/ports/store.ts'
import type { WorkLedger } from '../../domain/ports/work.ts'
import type { Time } from '../../domain/time.ts'
import type { DatabasePool } from '../database-pool.ts'
import { createArchiveLedger } from './archives.ts'
import { createClaims, removeFromOutbox } from './claims.ts'
import { createDatabase } from './database.ts'
import { createFeedback } from './feedback.ts'
import { createFeedLedger } from './feeds.ts'
import { createGroupCommit } from './group-commit.ts'
import { readOutbox } from './lanes.ts'
import { createLedgerReading } from './ledger-reading.ts'
import { migrate } from './migrate.ts'
import { createReading } from './reading.ts'
import { type Recorded, recordChanges } from './record-changes.ts'
import { storedJson } from './rows.ts'
import { createSightings } from './sightings.ts'
import { isAboutTheRows, translateStoreError } from './store-faults.ts'
import { newRow, openTransaction } from './transaction.ts'

/** Counters are in so many lanes. */
const counterLanes = 16
/** Changes in one commit: past some dozens a larger one saves little, and a fault in it costs more. */
const mostInGroup = 100

export interface OpenStore extends Store, WorkLedger, LedgerReading, ArchiveLedger, FeedLedger, Sightings {
  /** True where no other process can share this store. */
  readonly embedded: boolean
  /** Names of the migrations that were applied now; createStore has done it already. */
  migrate(): Promise<readonly string[]>
  /** Ends the pool: close a queue over the same pool first. */
  close(): Promise<void>
}

/**
 * The store over a pool, its tables brought up to date. Faults of all its methods: store_unavailable, disk_full.
 * Inside `transaction` only the transaction's own methods may be called: over an embedded store any other would wait for
 * the transaction to end, for ever, so it is an error in both modes.
 */
export const createStore = async (pool: DatabasePool, now: () => Time = Date.now): Promise<OpenStore> => {
  const db = createDatabase(pool)
  const inside = new AsyncLocalStorage<true>()
  const listeners = new Set<() => void>()
  // Any of a few, so that processes seldom wait for each other's counters.
  const lane = randomInt(counterLanes)
  const enqueued = (): void => {
    for (const listener of listeners) listener()
  }

  const guarded =
    <A extends unknown[], T>(work: (...values: A) => Promise<T>) =>
    async (...values: A): Promise<T> => {
      if (inside.getStore()) throw new Error('the store was called inside a transaction: use the transaction')
      try {
        return await work(...values)
      } catch (error) {
        throw translateStoreError(error)
      }
    }

  const guardedAll = <T extends object>(methods: T): T =>
    Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, guarded(method)])) as T

  const transaction = guarded(async (work: (tx: Transaction) => Promise<unknown>): Promise<unknown> => {
    const { result, queued } = await db.transaction().execute((trx) =>
      inside.run(true, async () => {
        const { tx, flush } = openTransaction(trx, lane, now())
        const result = await work(tx)
        return { result, queued: await flush() }
      }),
    )
    if (queued > 0) enqueued()
    return result
  }) as Store['transaction']

  const recordGroup = createGroupCommit<NewRow<'change'>, Recorded>({
    commit: async (changes, place) => {
      // Commits that are under way at once would wait for one counter.
      const counter = (lane + place) % counterLanes
      const recorded = await recordChanges(db, changes, counter, now())
      if (recorded.some(({ duplicate }) => !duplicate)) enqueued()
      return recorded
    },
    keysOf: ({ dedupeKey, repository, ref, cause }) => [
      `key ${dedupeKey}`,
      ...(ref ? [`ref ${repository} ${ref}`] : []),
      ...(cause.kind === 'pullRequest' ? [`pull ${repository} ${cause.number}`] : []),
    ],
    mayBeOne: isAboutTheRows,
    most: mostInGroup,
    // An embedded store has one session: a second commit would only wait for it.
    lanes: pool.embedded ? 1 : 2,
    // Of requests that came in one turn of the event loop the first must not go alone.
    gather: setImmediate,
  })

  const { get, list, objectsAt, objectsOf } = createReading(db)
  const claims = createClaims(db, now)
  const archives = createArchiveLedger(db)
  const ledger = createLedgerReading(db, lane, claims.parked, now)
  const feedback = createFeedback(db)
  const store: OpenStore = {
    embedded: pool.embedded,
    get: guarded(get) as Store['get'],
    list: guarded(list) as Store['list'],
    objectsAt: guarded(objectsAt),
    objectsOf: guarded(objectsOf),
    transaction,
    recordChange: guarded(recordGroup),
    buildByKey: guarded(async (row) => {
      await db
        .insertInto('build')
        .values(newRow('build', row, now()))
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      const [build] = await list('build', { key: row.key })
      if (!build) throw new Error(`build ${row.key} was neither inserted nor found`)
      return build
    }),
    claim: guarded(claims.claim) as Store['claim'],
    extend: guarded(claims.extend),
    unclaim: guarded(claims.unclaim),
    postpone: guarded(claims.postpone),
    park: guarded(claims.park),
    parked: guarded(claims.parked),
    unparkAll: guarded(claims.unparkAll),
    voidLeases: guarded(claims.voidLeases),
    due: guarded(claims.due),
    outbox: guarded((limit) => readOutbox(db, limit)),
    removeFromOutbox: guarded((sequences) => removeFromOutbox(db, sequences)),
    onEnqueued: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    history: guarded(async (kind, id) => {
      const rows = await db
        .selectFrom('history')
        .selectAll()
        .where('kind', '=', kind)
        .where('row_id', '=', String(id))
        .orderBy('sequence')
        .execute()
      return rows.map((row) => ({
        at: Number(row.at),
        kind: row.kind,
        id: Number(row.row_id),
        from: row.from_state,
        to: row.to_state,
        by: row.actor,
        why: row.why,
      }))
    }),
    countChanges: guarded(async () => {
      const rows = await db
        .selectFrom('change')
        .select(['state', ({ fn }) => fn.countAll<string>().as('count')])
        .groupBy('state')
        .execute()
      return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]))
    }),
    findChanges: guarded(ledger.findChanges),
    changesAfterRun: guarded(ledger.changesAfterRun),
    sumChanges: guarded(ledger.sumChanges),
    account: guarded(ledger.account),
    archivable: guarded(archives.archivable),
    takeOut: guarded(archives.takeOut),
    archivedIn: guarded(archives.archivedIn),
    findArchivedChanges: guarded(archives.findArchivedChanges),
    addRefusals: guarded(ledger.addRefusals),
    recordFeedback: guarded(feedback.recordFeedback),
    feedback: guarded(feedback.feedback),
    readSetting: guarded(async (key) => {
      const row = await db.selectFrom('setting').select('value').where('key', '=', key).executeTakeFirst()
      return row?.value as Json | undefined
    }),
    writeSetting: guarded(async (key, value) => {
      const written = storedJson(value)
      await db
        .insertInto('setting')
        .values({ key, value: written })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: written }))
        .execute()
    }),
    ...guardedAll(createFeedLedger(db, now)),
    ...guardedAll(createSightings(db)),
    migrate: guarded(() => migrate(db)),
    close: () => pool.end(),
  }
  await store.migrate()
  return store
}
