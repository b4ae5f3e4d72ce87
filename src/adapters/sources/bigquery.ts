import { z } from 'zod'
import { globFault, globMatcher } from '../../declarations/glob.ts'
import type { DataObject } from '../../domain/batch.ts'
import { Fault } from '../../domain/errors.ts'
import type { DataSource } from '../../domain/ports/data.ts'
import { type Patience, refused } from './calls.ts'
import { createGoogleRest } from './google-rest.ts'
import { readAnswer } from './read-answer.ts'

const table = z.object({
  type: z.string().optional(),
  lastModifiedTime: z.string().regex(/^\d+$/),
  numRows: z.coerce.number().optional(),
  numBytes: z.coerce.number().optional(),
})
const page = z.object({
  tables: z.array(z.object({ tableReference: z.object({ tableId: z.string() }) })).default([]),
  nextPageToken: z.string().optional(),
})

const address = /^bq:\/\/([\w.:-]+)\.(\w+)\.([^./]+)$/
/** Tables that are asked at once where a pattern means several. */
const width = 8

interface TableAddress {
  readonly project: string
  readonly dataset: string
  readonly name: string
}

/**
 * Tables of BigQuery (`bq://project.dataset.table`, with a pattern in the table's name) over its REST API. The
 * generation of a table is when it was last modified, in milliseconds. Views are none: they hold no rows of their own.
 * Needs bigquery.tables.get, and bigquery.tables.list for patterns.
 */
export const createBigQuery = (
  options: { readonly endpoint?: string | undefined; readonly patience?: Patience } = {},
): DataSource => {
  const get = createGoogleRest({
    ...options,
    endpoint: options.endpoint ?? 'https://bigquery.googleapis.com',
    scopes: ['https://www.googleapis.com/auth/bigquery.readonly'],
  })
  const tablesOf = ({ project, dataset }: TableAddress): string =>
    `/bigquery/v2/projects/${encodeURIComponent(project)}/datasets/${dataset}/tables`

  const findTable = async (at: TableAddress, uri: string, signal: AbortSignal): Promise<DataObject | undefined> => {
    const fields = 'type,lastModifiedTime,numRows,numBytes'
    const answer = await get(`${tablesOf(at)}/${encodeURIComponent(at.name)}`, { fields }, uri, signal)
    if (answer.status === 404) return undefined
    const { type, lastModifiedTime, numRows, numBytes } = readAnswer(table, answer, uri)
    if (type === 'VIEW') return undefined
    return {
      uri: `bq://${at.project}.${at.dataset}.${at.name}`,
      generation: lastModifiedTime,
      size: numBytes ?? 0,
      ...(numRows === undefined ? {} : { rows: numRows }),
    }
  }

  const namesLike = async (at: TableAddress, uri: string, signal: AbortSignal): Promise<readonly string[]> => {
    const matches = globMatcher(at.name)
    const names: string[] = []
    let pageToken: string | undefined
    do {
      const query = { maxResults: '1000', fields: 'nextPageToken,tables(tableReference(tableId))' }
      const answer = await get(tablesOf(at), pageToken === undefined ? query : { ...query, pageToken }, uri, signal)
      if (answer.status === 404)
        throw refused(
          uri,
          `there is no dataset ${at.project}.${at.dataset}`,
          'Correct the address in winnow.yaml, or make the dataset.',
        )
      const { tables, nextPageToken } = readAnswer(page, answer, uri)
      names.push(...tables.map(({ tableReference }) => tableReference.tableId).filter(matches))
      pageToken = nextPageToken
    } while (pageToken !== undefined)
    return names
  }

  return {
    async list(uri, signal) {
      const at = parseTableAddress(uri)
      const names = isPattern(at.name) ? await namesLike(at, uri, signal) : [at.name]
      const objects: DataObject[] = []
      for (let i = 0; i < names.length; i += width) {
        const found = await Promise.all(
          names.slice(i, i + width).map((name) => findTable({ ...at, name }, uri, signal)),
        )
        objects.push(...found.filter((object) => object !== undefined))
      }
      return objects
    },
    find: async (uri, signal) => findTable(parseTableAddress(uri), uri, signal),
  }
}

const isPattern = (name: string): boolean => /[*?+[\\]/.test(name)

const parseTableAddress = (uri: string): TableAddress => {
  const [, project, dataset, name] = address.exec(uri) ?? []
  const fault = name === undefined ? 'it is not bq://project.dataset.table' : globFault(name)
  if (project === undefined || dataset === undefined || name === undefined || fault !== undefined)
    throw new Fault('declaration_invalid', `${JSON.stringify(uri)} is no address of tables: ${fault}`)
  return { project, dataset, name }
}
