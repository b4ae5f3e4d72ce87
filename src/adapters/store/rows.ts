import type { NewRow, RowKind, Rows } from '../../domain/ports/store.ts'
import { columns, copiesOfChange, type FieldType } from './schema.ts'

/** A row as the driver gives it. */
export type StoredRow = Readonly<Record<string, unknown>>

/** `nextAt` → `next_at`. Asked for with every row that is written, of the same few dozen fields. */
export const columnName = (field: string): string => {
  let name = columnNames.get(field)
  if (name === undefined) {
    name = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    columnNames.set(field, name)
  }
  return name
}
const columnNames = new Map<string, string>()

export const columnType = (kind: RowKind, field: string): FieldType | undefined =>
  (columns[kind] as Readonly<Record<string, FieldType>>)[field]

/** PostgreSQL's text holds no NUL and no half of a surrogate pair; a reason made of a program's output may. */
export const withoutNul = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed()

/**
 * JSON that PostgreSQL can look into: NUL and half a surrogate pair, which its text cannot hold, become U+FFFD.
 * JSON.stringify escapes both of them, and whole pairs never.
 */
export const storedJson = (value: unknown): string =>
  JSON.stringify(value).replace(/\\(u0000|ud[89a-f][0-9a-f]{2}|.)/g, (whole, kind: string) =>
    kind.length === 1 ? whole : '\uFFFD',
  )

/** The columns and the document of a row; its id and version are the caller's. */
export const toStored = (kind: RowKind, row: object): Record<string, unknown> => {
  const stored: Record<string, unknown> = {}
  const document: Record<string, unknown> = {}
  for (const [field, value] of Object.entries(row)) {
    if (field === 'id' || field === 'version') continue
    const type = columnType(kind, field)
    if (type === undefined) document[field] = value
    else if (type === 'once') stored[columnName(field)] = storedJson(value)
    else stored[columnName(field)] = typeof value === 'string' ? withoutNul(value) : value
  }
  if (kind === 'change')
    for (const [column, value] of Object.entries(copiesOfChange(row as NewRow<'change'>)))
      if (typeof value === 'string') stored[column] = withoutNul(value)
      else if (value != null) stored[column] = typeof value === 'object' ? storedJson(value) : value
  return { ...stored, document: storedJson(document) }
}

/** What a write of a row that is there sets: all but what is written once. */
export const toUpdated = (kind: RowKind, row: object): Record<string, unknown> => {
  const again = Object.entries(row).filter(([field]) => columnType(kind, field) !== 'once')
  return toStored(kind, Object.fromEntries(again))
}

/** The columns that a write of a row gives back: what is written once is with whoever writes it. */
export const updatedColumns = (kind: RowKind): readonly string[] => [
  ...['id', 'version', 'document'],
  ...Object.keys(columns[kind])
    .filter((field) => columnType(kind, field) !== 'once')
    .map(columnName),
]

export const fromStored = <K extends RowKind>(kind: K, stored: StoredRow): Rows[K] => {
  const row: Record<string, unknown> = { id: Number(stored['id']), version: Number(stored['version']) }
  for (const [field, type] of Object.entries(columns[kind])) {
    const value = stored[columnName(field)]
    if (value === undefined) continue
    row[field] = type === 'integer' && value !== null ? Number(value) : value
  }
  // What was written as this kind comes back as this kind: the columns and the document are written together.
  return { ...row, ...(stored['document'] as object) } as unknown as Rows[K]
}
