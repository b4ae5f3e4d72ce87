import { copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { JsonObject } from '../../domain/json.ts'
import type { Addresses } from '../addresses.ts'
import { type PythonScript, runScript, type ScriptContext } from '../python-script.ts'

export type WriteDisposition = 'WRITE_EMPTY' | 'WRITE_TRUNCATE' | 'WRITE_APPEND'

export interface QueryRequest {
  /** BigQuery's SQL: SELECT or CREATE TABLE … AS SELECT, several with semicolons between them. */
  readonly query: string
  /** Named parameters as BigQuery's API has them: `{name, parameterType: {type}, parameterValue: {value}}`. */
  readonly parameters: readonly JsonObject[]
  /** `PROJECT.DATASET.TABLE` that a SELECT's rows go to. */
  readonly destination: string
  readonly writeDisposition: WriteDisposition
  /** The project of a table that names none, and the dataset (`PROJECT.DATASET`) of one that names neither. */
  readonly project: string
  readonly dataset?: string
}

export interface WrittenTable {
  /** `PROJECT.DATASET.TABLE` */
  readonly table: string
  readonly file: string
  readonly rows: number
}

const script: PythonScript = {
  work: 'query',
  file: fileURLToPath(new URL('./python/query.py', import.meta.url)),
  requirements: new URL('./requirements.txt', import.meta.url),
  faultCode: 'query_failed',
  timeoutMs: 60 * 60_000,
}

/**
 * Runs a query over the files that its tables are mapped to and gives the tables written, in the order of their
 * statements. None is written where any statement fails. Faults: query_failed, python_missing, environment_failed.
 */
export const query = async (
  request: QueryRequest,
  addresses: Pick<Addresses, 'tables' | 'tableFile'>,
  context: ScriptContext,
  signal: AbortSignal,
): Promise<readonly WrittenTable[]> => {
  const folder = join(context.folder, 'answers')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const result = await runScript(script, { ...request, tables: await addresses.tables(), folder }, context, signal)
  const written = result['written'] as unknown as readonly WrittenTable[]
  return Promise.all(
    written.map(async (table) => ({ ...table, file: await publish(table.file, table.table, addresses) })),
  )
}

/** The table's file appears whole: readers see the old one or the new one. */
const publish = async (draft: string, table: string, addresses: Pick<Addresses, 'tableFile'>): Promise<string> => {
  const place = addresses.tableFile(`bq://${table}`)
  await mkdir(dirname(place), { recursive: true })
  const beside = `${place}.draft${extname(place)}`
  await copyFile(draft, beside)
  await rename(beside, place)
  return place
}
