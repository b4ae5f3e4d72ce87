import type { Batch, DataObject } from './batch.ts'

/** What the objects of a batch come to. It is kept with the batch, so that nobody has to read them to know. */
export interface BatchSums {
  readonly objects: number
  readonly bytes: number
  /** Of a table only those that the batch before had not read. */
  readonly rows: number
  /** Objects whose rows nobody counted. */
  readonly uncounted: number
}

export const noSums: BatchSums = { objects: 0, bytes: 0, rows: 0, uncounted: 0 }

type Counted = Batch['counted']

export const sumsWith = (sums: BatchSums, object: DataObject, counted: Counted): BatchSums =>
  moved(sums, object, counted, 1)

export const sumsWithout = (sums: BatchSums, object: DataObject, counted: Counted): BatchSums =>
  moved(sums, object, counted, -1)

export const sumsOf = (objects: readonly DataObject[], counted: Counted): BatchSums =>
  objects.reduce((sums, object) => sumsWith(sums, object, counted), noSums)

const moved = (sums: BatchSums, object: DataObject, counted: Counted, by: 1 | -1): BatchSums => ({
  objects: sums.objects + by,
  bytes: sums.bytes + by * object.size,
  rows: sums.rows + by * newRows(object, counted),
  uncounted: sums.uncounted + (object.rows === undefined ? by : 0),
})

/** A table is read whole each time, and grows: what the batch before had of it is no news. One that shrank was written anew. */
const newRows = ({ uri, rows = 0 }: DataObject, counted: Counted): number => {
  const before = Object.hasOwn(counted, uri) ? (counted[uri] ?? 0) : 0
  return uri.startsWith('bq:') && rows >= before ? rows - before : rows
}
