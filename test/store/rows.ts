import type { DataObject } from '../../src/domain/batch.ts'
import { noSums, sumsOf } from '../../src/domain/batch-sums.ts'
import { digestJson } from '../../src/domain/digest.ts'
import type { NewRow, Rows, Store } from '../../src/domain/ports/store.ts'

let count = 0
/** A different text each time. */
export const unique = (text: string): string => {
  count += 1
  return `${text}-${process.pid}-${count}`
}

export const someChange = (over: Partial<NewRow<'change'>> = {}): NewRow<'change'> => ({
  repository: 'acme/beans',
  cause: { kind: 'push', ref: 'refs/heads/main', before: 'a'.repeat(40), commit: 'b'.repeat(40), deleted: false },
  author: 'grace',
  dedupeKey: unique('delivery'),
  bodyDigest: digestJson('body'),
  receivedAt: 1_000,
  state: 'recorded',
  reason: '',
  faults: [],
  batch: null,
  nextAt: null,
  ...over,
})

export const someBatch = (over: Partial<NewRow<'batch'>> = {}): NewRow<'batch'> => ({
  repository: 'acme/beans',
  pipeline: unique('pipeline'),
  key: '',
  state: 'open',
  reason: 'more may come',
  openedAt: 1_000,
  lastObjectAt: 1_000,
  nextAt: 2_000,
  sums: noSums,
  marker: null,
  counted: {},
  change: 1,
  run: null,
  ...over,
})

/** A batch that has gathered these. */
export const insertBatch = (
  store: Store,
  objects: readonly DataObject[],
  over: Partial<NewRow<'batch'>> = {},
): Promise<Rows['batch']> =>
  store.transaction(async (tx) => {
    const row = someBatch(over)
    const batch = await tx.insert('batch', { ...row, sums: sumsOf(objects, row.counted) })
    await tx.putObjects(batch.id, objects)
    return batch
  })

export const someBuild = (over: Partial<NewRow<'build'>> = {}): NewRow<'build'> => ({
  key: digestJson(unique('build')),
  repository: 'acme/beans',
  source: { kind: 'ir', file: 'pipelines/beans.json' },
  state: 'wanted',
  ir: null,
  irDigest: null,
  error: null,
  details: [],
  log: '',
  startedAt: null,
  endedAt: null,
  ...over,
})

export const someVerdict = (over: Partial<NewRow<'verdict'>> = {}): NewRow<'verdict'> => ({
  run: 1,
  state: 'pending',
  receipt: null,
  createdAt: 1_000,
  judgedAt: null,
  ...over,
})
