import { mkdir, open, rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import type { ModelDescription } from './serving/model-files.ts'
import { statusError } from './status.ts'

/** What a line of a batch prediction says: the instance, or the key that stands for it, and what became of it. */
export type PredictedLine = { readonly instance: Json } | { readonly key: Json }
export type LineOf<Outcome> = (line: PredictedLine, outcome: Outcome) => JsonObject

/** `{instance, prediction}`, as batch predictions write JSON Lines. */
export const jsonLine: LineOf<Json> = (line, prediction) => ({ ...line, prediction })

const columnsOf = (line: PredictedLine): JsonObject =>
  'key' in line ? { key: line.key } : isJsonObject(line.instance) ? line.instance : { instance: line.instance }

/** The instance's columns and one of scores for each class (`TARGET_CLASS_scores`), or `predicted_TARGET`. */
export const csvLine =
  ({ target }: ModelDescription): LineOf<Json> =>
  (line, prediction) => {
    const { classes, scores, value } = isJsonObject(prediction) ? prediction : {}
    const predicted =
      Array.isArray(classes) && Array.isArray(scores)
        ? Object.fromEntries(classes.map((name, at) => [`${target}_${String(name)}_scores`, scores[at] ?? null]))
        : { [`predicted_${target}`]: value ?? null }
    return { ...columnsOf(line), ...predicted }
  }

/** A table's row: the instance's columns and the record `predicted_TARGET`. */
export const tableLine =
  ({ target }: ModelDescription): LineOf<Json> =>
  (line, prediction) => ({ ...columnsOf(line), [`predicted_${target}`]: prediction })

/** A file that is seen under its name only when it is whole. */
export interface LineFile {
  write(lines: readonly JsonObject[]): Promise<void>
  /** Makes the file appear. */
  publish(): Promise<void>
  /** Closes it; without publish, nothing has appeared. */
  close(): Promise<void>
}

/** CSV where the name ends so, with the columns of the first line; JSON Lines otherwise. */
export const openLineFile = async (file: string, form: 'jsonl' | 'csv'): Promise<LineFile> => {
  const draft = join(dirname(file), `.${basename(file)}`)
  await mkdir(dirname(file), { recursive: true })
  const handle = await open(draft, 'w')
  let columns: readonly string[] | undefined

  const csv = (line: JsonObject): string => {
    const names = columns
    const strange = Object.keys(line).find((name) => names?.includes(name) === false)
    if (names === undefined) {
      columns = Object.keys(line)
      return `${columns.map(cell).join(',')}\n${csv(line)}`
    }
    if (strange !== undefined)
      throw statusError(
        'INVALID_ARGUMENT',
        `An instance has ${JSON.stringify(strange)}, which the first has not: write jsonl`,
      )
    return names.map((name) => cell(line[name])).join(',')
  }

  return {
    write: async (lines) => {
      const texts = lines.map((line) => (form === 'csv' ? csv(line) : JSON.stringify(line)))
      if (texts.length > 0) await handle.write(`${texts.join('\n')}\n`)
    },
    publish: async () => {
      await handle.sync()
      await rename(draft, file)
    },
    close: () => handle.close(),
  }
}

/** A cell of RFC 4180; a list or an object is JSON in it. */
export const cell = (value: Json | undefined): string => {
  const text =
    value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
