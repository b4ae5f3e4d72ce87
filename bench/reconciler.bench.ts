import type { DatabasePool } from '../src/adapters/database-pool.ts'
import type { OpenStore } from '../src/adapters/store/store.ts'
import { silentLog } from '../src/log.ts'
import { createReconciler } from '../src/workers/running/reconciler.ts'
import { onBothStores } from './both-stores.ts'
import { percentile } from './percentile.ts'
import type { Figure } from './run.ts'
import { milliseconds } from './stage.ts'

const finished = 100_000
const open = 10_000
const sweeps = 21

/** Finished and open rows of every kind that has steps, spread evenly; the open ones are due at `dueAt`. */
const fill = async (pool: DatabasePool, dueAt: number): Promise<void> => {
  const document = `json_build_object('cause', json_build_object('kind', 'request', 'pipeline', 'bench', 'by', 'bench'),
    'author', 'bench', 'receivedAt', 1000, 'reason', repeat('why ', 40), 'endpointName', n::text, 'sums', '{}'::json)`
  const kinds = [
    [
      'change',
      'repository, dedupe_key, kind, sender, received_at',
      `'bench', 'key ' || n, 'request', 'winnow', 1000`,
      'ignored',
      'recorded',
    ],
    ['batch', 'repository, pipeline, key', `'bench', 'p', n::text`, 'closed', 'open'],
    ['run', 'change, repository, commit, pipeline, target', `n, 'bench', 'c', 'p', 't'`, 'succeeded', 'running'],
    ['verdict', 'run', 'n', 'pass', 'pending'],
    [
      'release',
      'verdict, run, repository, model, environment, target',
      `n, n, 'bench', 'm', 'e', 't'`,
      'retired',
      'queued',
    ],
  ] as const
  for (const [kind, columns, values, ended, waiting] of kinds) {
    const [most, few] = [finished / kinds.length, open / kinds.length]
    await pool.query(`insert into winnow.${kind} (version, updated_at, document, state, next_at, ${columns})
      select 1, 1000, ${document}, case when n <= ${most} then '${ended}' else '${waiting}' end,
        case when n <= ${most} then null else ${dueAt} end, ${values}
      from generate_series(1, ${most + few}) as n`)
    await pool.query(`analyze winnow.${kind}`)
  }
}

const measure = async (pool: DatabasePool, store: OpenStore): Promise<Readonly<Record<string, number>>> => {
  const now = 10_000_000
  /** `front`: 0 where the queue was emptied, so that all rows are queued again in one sweep. */
  const timed = async (front: number): Promise<number> => {
    const queue = { add: async () => {}, front: async () => front }
    const reconciler = createReconciler({ store, queue, now: () => now, log: silentLog })
    const times: number[] = []
    for (let i = 0; i < sweeps; i++) {
      const started = performance.now()
      await reconciler.sweep()
      times.push(performance.now() - started)
    }
    return percentile(times, 0.5)
  }
  await fill(pool, now + 1_000_000)
  const waiting = await timed(1)
  for (const kind of ['change', 'batch', 'run', 'verdict', 'release']) {
    await pool.query(`update winnow.${kind} set next_at = 1000 where next_at is not null`)
    await pool.query(`vacuum analyze winnow.${kind}`)
  }
  return { 'none due': waiting, 'all due': await timed(1), 'all due, the queue emptied': await timed(0) }
}

/** One sweep of the reconciler over a store with a long past. */
export const bench = (): Promise<readonly Figure[]> =>
  onBothStores(async (name, pool, store) => {
    const bare = performance.now()
    for (let i = 0; i < sweeps; i++) await pool.query('select count(*) from winnow.run')
    const peer = (performance.now() - bare) / sweeps
    const measured = await measure(pool, store)
    return Object.entries(measured).map(([what, took]) => ({
      what: `sweep on ${name}, ${open} open rows, ${what}, p50 of ${sweeps}`,
      ours: milliseconds(took),
      peer: `${milliseconds(peer)}: counting an empty table`,
      ratio: took / 100,
      ...(what.endsWith('emptied') ? {} : { aim: 'under 100 ms' }),
    }))
  }, `${finished} finished rows`)
