import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import type { ClassPredictions, Column, NumberPredictions, Predictions } from './predictions.ts'

// Predictions as bytes, so that they can be kept by what they are: the length of a header (8 bytes), the header as JSON,
// padded to 8 bytes, then the columns one after the other, each padded to 8 bytes. Numbers are little-endian, as they lie
// in memory wherever Winnow runs. Equal predictions have equal bytes: columns go by their names.

const magic = 'winnow predictions 1'

type Numbers = Int32Array | Float64Array
type NumbersOf<T extends Numbers> = (new (memory: SharedArrayBuffer) => T) & { readonly BYTES_PER_ELEMENT: number }

/** The bytes of predictions in parts, without copying the columns. */
export const encodePredictions = (predictions: Predictions): readonly Uint8Array[] => {
  const slices = Object.entries(predictions.columns).sort(([a], [b]) => (a < b ? -1 : 1))
  const shared = {
    magic,
    kind: predictions.kind,
    rows: predictions.rows,
    ids: predictions.ids,
    columns: slices.map(([name, { values }]) => ({ name, values })),
  }
  const header: Json =
    predictions.kind === 'classification'
      ? { ...shared, classes: predictions.classes, scored: predictions.scores !== null }
      : { ...shared, quantiles: predictions.quantiles.map(({ quantile }) => quantile) }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const length = new Uint8Array(8)
  new DataView(length.buffer).setUint32(0, text.length, true)
  const columns: readonly Numbers[] = [
    predictions.truth,
    predictions.predicted,
    ...(predictions.kind === 'classification'
      ? predictions.scores === null
        ? []
        : [predictions.scores]
      : predictions.quantiles.map(({ predicted }) => predicted)),
    ...slices.map(([, { codes }]) => codes),
  ]
  return [length, ...[text, ...columns.map(bytesOf)].flatMap((part) => [part, padding(part.length)])].filter(
    (part) => part.length > 0,
  )
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Numbers): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)

const padding = (length: number): Uint8Array => new Uint8Array((8 - (length % 8)) % 8)

/** The predictions that the bytes hold; undefined where they hold none. */
export const decodePredictions = (bytes: Uint8Array): Predictions | undefined => {
  const header = headerOf(bytes)
  if (header === undefined) return undefined
  const { kind, rows, ids, columns } = header.value
  if (typeof rows !== 'number' || !Number.isInteger(rows) || rows < 0 || !Array.isArray(columns)) return undefined
  const read = columnReader(bytes, header.end)
  const readSlices = (): Record<string, Column> =>
    Object.fromEntries(
      (columns as unknown as readonly { readonly name: string; readonly values: readonly string[] }[]).map(
        ({ name, values }) => [name, { values, codes: read(Int32Array, rows) }],
      ),
    )
  const examples = { rows, ids: (ids as readonly string[] | null | undefined) ?? null }
  try {
    if (kind === 'classification') {
      const classes = header.value['classes'] as readonly string[]
      const answers = { truth: read(Int32Array, rows), predicted: read(Int32Array, rows) }
      const scores = header.value['scored'] === true ? read(Float64Array, rows * classes.length) : null
      return { kind, ...examples, classes, ...answers, scores, columns: readSlices() } satisfies ClassPredictions
    }
    if (kind !== 'regression') return undefined
    const answers = { truth: read(Float64Array, rows), predicted: read(Float64Array, rows) }
    const quantiles = (header.value['quantiles'] as readonly number[]).map((quantile) => ({
      quantile,
      predicted: read(Float64Array, rows),
    }))
    return { kind, ...examples, ...answers, quantiles, columns: readSlices() } satisfies NumberPredictions
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return undefined
    throw error
  }
}

const headerOf = (bytes: Uint8Array): { readonly value: JsonObject; readonly end: number } | undefined => {
  if (bytes.length < 8) return undefined
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  if (8 + length > bytes.length) return undefined
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))
    return isJsonObject(value) && value['magic'] === magic
      ? { value, end: 8 + length + padding(length).length }
      : undefined
  } catch {
    return undefined
  }
}

/**
 * Reads one column after the other, each into an array of its own, in memory that threads may share: what is kept is read
 * to be judged. Throws a RangeError past the end.
 */
const columnReader = (bytes: Uint8Array, start: number) => {
  let at = start
  return <T extends Numbers>(kind: NumbersOf<T>, length: number): T => {
    const column = new kind(new SharedArrayBuffer(length * kind.BYTES_PER_ELEMENT))
    if (at + column.byteLength > bytes.length) throw new RangeError('the bytes end within a column')
    bytesOf(column).set(bytes.subarray(at, at + column.byteLength))
    at += column.byteLength + padding(column.byteLength).length
    return column
  }
}
