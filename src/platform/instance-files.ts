import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Json } from '../domain/json.ts'
import { statusError } from './status.ts'

/** An instance of a file, or why its line holds none. Lines count from 1. */
export type FileInstance = { readonly line: number } & (
  | { readonly instance: Json; readonly problem?: undefined }
  | { readonly problem: string }
)

export type InstancesFormat = 'jsonl' | 'csv'

/** Reads a file instance by instance, however large it is. Texts of CSV stay texts; an empty cell is a missing value. */
export async function* readInstances(file: string, format: InstancesFormat): AsyncGenerator<FileInstance> {
  yield* format === 'jsonl' ? readJsonLines(file) : readTable(file)
}

const linesOf = (file: string): AsyncIterable<string> =>
  createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY })

async function* readJsonLines(file: string): AsyncGenerator<FileInstance> {
  let line = 0
  for await (const text of linesOf(file)) {
    line += 1
    if (text.trim() === '') continue
    try {
      yield { line, instance: JSON.parse(text) as Json }
    } catch {
      yield { line, problem: `the line is no JSON: ${text.slice(0, 80)}` }
    }
  }
}

async function* readTable(file: string): AsyncGenerator<FileInstance> {
  let header: readonly string[] | undefined
  for await (const { line, cells } of readCells(file)) {
    if (header === undefined) {
      header = cells.map((cell) => cell.replace(/^\uFEFF/, '').trim())
      if (new Set(header).size < header.length || header.includes(''))
        throw statusError('INVALID_ARGUMENT', `${file} has a header with an empty or repeated column name`)
    } else if (cells.length !== header.length)
      yield { line, problem: `the row has ${cells.length} cells where the header has ${header.length}` }
    else yield { line, instance: Object.fromEntries(header.map((name, column) => [name, cells[column] ?? ''])) }
  }
}

/** RFC 4180: quoted cells may hold commas, doubled quotes and line breaks. */
async function* readCells(file: string): AsyncGenerator<{ line: number; cells: readonly string[] }> {
  let line = 0
  let open = { first: 0, text: '' }
  for await (const next of linesOf(file)) {
    line += 1
    open = open.text === '' ? { first: line, text: next } : { ...open, text: `${open.text}\n${next}` }
    if (open.text.trim() === '') continue
    // A quote too many means that the row goes on in the next line.
    if ((open.text.split('"').length - 1) % 2 === 1) continue
    yield { line: open.first, cells: cellsOf(open.text) }
    open = { first: 0, text: '' }
  }
  if (open.text.trim() !== '')
    throw statusError('INVALID_ARGUMENT', `${file}:${open.first}: a quote is opened that nothing closes`)
}

const cellsOf = (row: string): readonly string[] =>
  [...`${row},`.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*)),/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'),
  )
