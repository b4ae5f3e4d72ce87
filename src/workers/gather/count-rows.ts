import type { Batch, DataObject } from '../../domain/batch.ts'
import { objectPages } from '../../domain/batch-objects.ts'
import { sumsWith, sumsWithout } from '../../domain/batch-sums.ts'
import type { DataSource } from '../../domain/ports/data.ts'
import type { Store } from '../../domain/ports/store.ts'
import { lockBatches } from '../match/join-batch.ts'
import { atOnce, type SnapshotPorts } from './snapshot.ts'

/** The batch with the rows of the tables that nobody counted, as their source counts them: an audit log tells of them without. */
export const countRows = async (
  { store, source }: SnapshotPorts & { readonly store: Store },
  batch: Batch,
  signal: AbortSignal,
): Promise<Batch> => {
  if (batch.sums.uncounted === 0) return batch
  const from = source(batch.repository)
  const counted: DataObject[] = []
  for await (const page of objectPages(store, batch.id)) {
    const silent = page.filter((object) => isSilentTable(object, from))
    const found = await atOnce(silent, async (object) => ({
      ...object,
      rows: (await from.find(object.uri, signal))?.rows,
    }))
    for (const { rows, ...object } of found) if (rows !== undefined) counted.push({ ...object, rows })
  }
  if (counted.length === 0) return batch
  return store.transaction(async (tx) => {
    await lockBatches(tx, batch)
    const sums = counted.reduce((before, object) => {
      const { rows: _, ...silent } = object
      return sumsWith(sumsWithout(before, silent, batch.counted), object, batch.counted)
    }, batch.sums)
    await tx.putObjects(batch.id, counted)
    // Whatever joined meanwhile made it another batch: then none of this is so.
    return tx.update('batch', { ...batch, sums })
  })
}

const isSilentTable = ({ uri, rows }: DataObject, from: DataSource): boolean =>
  rows === undefined && uri.startsWith('bq:') && from.reads?.(uri) !== false
