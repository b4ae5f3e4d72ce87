import { AsyncLocalStorage } from 'node:async_hooks'
import { type Change, isToldAlready } from '../../domain/change.ts'
import type { Json } from '../../domain/json.ts'
import type { NewRow, Store, Transaction, WorkLedger } from '../../domain/ports.ts'
import type { Time } from '../../domain/time.ts'
import type { DatabasePool } from '../database-pool.ts'
import { createClaims, readOutbox, removeFromOutbox } from './claims.ts'
import { createDatabase, type Database } from './database.ts'
import { migrate } from './migrate.ts'
import { createReading } from './reading.ts'
import { fromStored, storedJson, withoutNul } from './rows.ts'
import { translateStoreError } from './store-faults.ts'
import { historyRow, insertOutbox, lockName, newRow, openTransaction } from './transaction.ts'

export interface OpenStore extends Store, WorkLedger {
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

  const transaction = guarded(async (work: (tx: Transaction) => Promise<unknown>): Promise<unknown> => {
    const { result, queued } = await db.transaction().execute((trx) =>
      inside.run(true, async () => {
        const { tx, flush } = openTransaction(trx, now())
        const result = await work(tx)
        return { result, queued: await flush() }
      }),
    )
    if (queued > 0) enqueued()
    return result
  }) as Store['transaction']

  const recordChange = guarded(async (change: NewRow<'change'>) => {
    const recorded = await db.transaction().execute((trx) => insertChange(trx, change, now()))
    if (!recorded.duplicate) enqueued()
    return recorded
  })

  const { get, list } = createReading(db)
  const claims = createClaims(db, now)
  const store: OpenStore = {
    embedded: pool.embedded,
    get: guarded(get) as Store['get'],
    list: guarded(list) as Store['list'],
    transaction,
    recordChange,
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
    openBatch: guarded(async (repository, pipeline) => {
      const [batch] = await list('batch', { repository, pipeline, state: 'open' })
      return batch
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
    migrate: guarded(() => migrate(db)),
    close: () => pool.end(),
  }
  await store.migrate()
  return store
}

/**
 * The change with its first history and its `match` job; or the change that has its dedupe key, or that told its push.
 * Pushes of one ref are recorded one after the other: which one is the newest must not change in between.
 */
const insertChange = async (
  db: Database,
  change: NewRow<'change'>,
  now: Time,
): Promise<{ change: Change; duplicate: boolean }> => {
  if (change.cause.kind === 'push' && change.ref) {
    const { repository, ref } = change
    await lockName(db, `push ${repository} ${ref}`)
    const [latest] = await createReading(db).list('change', { repository, ref }, 1)
    if (latest !== undefined && isToldAlready(latest, change)) return { change: latest, duplicate: true }
  }
  const inserted = await db
    .insertInto('change')
    .values(newRow('change', change, now))
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
  if (!inserted) {
    const [known] = await createReading(db).list('change', { dedupeKey: withoutNul(change.dedupeKey) })
    if (!known) throw new Error(`the change ${change.dedupeKey} was neither inserted nor found`)
    return { change: known, duplicate: true }
  }
  const recorded = fromStored('change', { ...inserted })
  await insertOutbox(db, 'match', recorded.id, recorded.version, null)
  const entry = { at: now, kind: 'change', id: recorded.id, from: null, to: recorded.state } as const
  await db
    .insertInto('history')
    .values(historyRow({ ...entry, by: change.author, why: `${change.cause.kind} received` }))
    .execute()
  return { change: recorded, duplicate: false }
}
