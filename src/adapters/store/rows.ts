import type { RowKind, Rows } from '../../domain/ports.ts'
import { columns } from './schema.ts'

/** A row as the driver gives it. */
export type StoredRow = Readonly<Record<string, unknown>>

/** `nextAt` → `next_at`. */
export const columnName = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

export const columnType = (kind: RowKind, field: string): 'text' | 'integer' | undefined =>
  (columns[kind] as Readonly<Record<string, 'text' | 'integer'>>)[field]

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
    if (columnType(kind, field) === undefined) document[field] = value
    else stored[columnName(field)] = typeof value === 'string' ? withoutNul(value) : value
  }
  return { ...stored, document: storedJson(document) }
}

export const fromStored = <K extends RowKind>(kind: K, stored: StoredRow): Rows[K] => {
  const row: Record<string, unknown> = { id: Number(stored['id']), version: Number(stored['version']) }
  for (const [field, type] of Object.entries(columns[kind])) {
    const value = stored[columnName(field)]
    row[field] = type === 'integer' && value !== null ? Number(value) : value
  }
  // What was written as this kind comes back as this kind: the columns and the document are written together.
  return { ...row, ...(stored['document'] as object) } as unknown as Rows[K]
}
