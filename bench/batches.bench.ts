import type { DatabasePool } from '../src/adapters/database-pool.ts'
import type { OpenStore } from '../src/adapters/store/store.ts'
import { type DataObject, manifestOf } from '../src/domain/batch.ts'
import { objectPages } from '../src/domain/batch-objects.ts'
import { type BatchLine, settleWritten } from '../src/workers/match/join-batch.ts'
import { onBothStores } from './both-stores.ts'
import { percentile } from './percentile.ts'
import type { Figure } from './run.ts'
import { milliseconds } from './stage.ts'

const sizes = [100, 10_000, 100_000] as const
/** Taken in turns by the sizes, so that whatever else the machine does is all of theirs. */
const rounds = 10
const joinsInRound = 50

const lineOf = (size: number): BatchLine => ({
  repository: 'bench',
  pipeline: `has-${size}`,
  key: '',
  trigger: {
    uri: 'gs://bench/**',
    quiet: 60_000,
    maxWait: 3_600_000,
    minimum: null,
    marker: null,
    key: null,
    overlap: 'queue',
    into: 'source',
    manifest: null,
  },
})

/** An open batch that has as many objects already. */
const fill = async (pool: DatabasePool, size: number): Promise<void> => {
  const document = JSON.stringify({
    reason: 'more may come',
    openedAt: 1_000,
    lastObjectAt: 1_000,
    sums: { objects: size, bytes: size * 10, rows: 0, uncounted: size },
    lineage: [],
    marker: null,
    counted: {},
    change: 1,
  })
  await pool.query(
    `insert into winnow.batch (version, state, next_at, updated_at, document, repository, pipeline)
     values (1, 'open', 61000, 1000, $1, 'bench', $2)`,
    [document, lineOf(size).pipeline],
  )
  await pool.query(
    `insert into winnow.batch_object (batch, key, uri, generation, size, checksum)
     select batch.id, sha256(convert_to('gs://bench/there/' || n, 'UTF8')), 'gs://bench/there/' || n, '1764201600000000', 10, 'crc32c:AAAAAA=='
     from winnow.batch, generate_series(1, ${size}) as n where pipeline = $1`,
    [lineOf(size).pipeline],
  )
}

const object = (name: string): DataObject => ({
  uri: `gs://bench/new/${name}`,
  generation: '1764201600000000',
  size: 10,
  checksum: 'crc32c:AAAAAA==',
})

const joinOne = (store: OpenStore, line: BatchLine, name: string, change: number): Promise<unknown> =>
  store.transaction((tx) => settleWritten(tx, line, object(name), 'object', { change, lineage: [] }, 2_000))

const measure = async (store: OpenStore): Promise<ReadonlyMap<number, readonly number[]>> => {
  const times = new Map<number, number[]>(sizes.map((size) => [size, []]))
  for (let round = 0; round < rounds; round++)
    for (const size of sizes)
      for (let i = 0; i < joinsInRound; i++) {
        const started = performance.now()
        await joinOne(store, lineOf(size), `${round}-${i}`, round * joinsInRound + i + 1)
        times.get(size)?.push(performance.now() - started)
      }
  return times
}

/** From the store to the digest that a run's identity has. */
const timeOfManifest = async (store: OpenStore, size: number): Promise<number> => {
  const [batch] = await store.list('batch', { pipeline: lineOf(size).pipeline }, 1)
  const started = performance.now()
  const objects: DataObject[] = []
  for await (const page of objectPages(store, batch?.id ?? 0)) objects.push(...page)
  manifestOf(objects)
  return performance.now() - started
}

/** Objects that join an open batch, each in a transaction of its own, by how many it has. */
export const bench = (): Promise<readonly Figure[]> =>
  onBothStores(
    async (name, pool, store) => {
      for (const size of sizes) await fill(pool, size)
      await pool.query('analyze winnow.batch_object')
      await measure(store)
      await pool.query(`delete from winnow.batch_object where uri like 'gs://bench/new/%'`)
      const times = await measure(store)
      const rate = (size: number): number => 1_000 / percentile(times.get(size) ?? [], 0.5)
      const peer = rate(sizes[0])
      const joins = sizes.slice(1).map((size) => ({
        what: `joins a second on ${name}, ${size} objects there`,
        ours: rate(size).toFixed(0),
        peer: `${peer.toFixed(0)}: ${sizes[0]} objects there`,
        ratio: rate(size) / peer,
        aim: 'near 1',
      }))
      const [few, many] = [await timeOfManifest(store, 10_000), await timeOfManifest(store, 100_000)]
      const manifest = {
        what: `manifest of 100000 objects on ${name}`,
        ours: milliseconds(many),
        peer: `${milliseconds(few)}: of 10000`,
        ratio: many / few,
        aim: 'near 10',
      }
      return [...joins, manifest]
    },
    `p50 of ${rounds * joinsInRound} joins of each, in turns`,
  )
