import type { Batch } from '../../domain/batch.ts'
import type { SnapshotPorts } from './snapshot.ts'

/** The batch with the rows of what nobody counted, where the source counts them: an audit log tells of a table without. */
export const countRows = async ({ source }: SnapshotPorts, batch: Batch, signal: AbortSignal): Promise<Batch> => {
  const from = source(batch.repository)
  const objects = await Promise.all(
    batch.objects.map(async (object) => {
      if (object.rows !== undefined || from.reads?.(object.uri) === false) return object
      const rows = (await from.find(object.uri, signal))?.rows
      return rows === undefined ? object : { ...object, rows }
    }),
  )
  return { ...batch, objects }
}
