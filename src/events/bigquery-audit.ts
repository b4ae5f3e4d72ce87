import { z } from 'zod'
import { ignoredNews, invalidNews, misshapenNews, type NewsTranslation, newsOf } from './object-news.ts'

/** An entry of Cloud Audit Logs that BigQuery wrote; the names of BigQueryAuditMetadata. */
const AuditEntry = z.object({
  timestamp: z.iso.datetime({ offset: true }),
  protoPayload: z.object({
    serviceName: z.string().max(200),
    resourceName: z.string().max(2_000),
    metadata: z
      .object({ tableDataChange: z.looseObject({}), tableDeletion: z.looseObject({}) })
      .partial()
      .optional(),
  }),
})

const table =
  /^projects\/([\w.:-]{1,100})\/datasets\/(\w{1,1024})\/tables\/([\p{L}\p{M}\p{N}\p{Pc}\p{Pd} ]{1,300})(?:\$.*)?$/u

/**
 * A table is told of as a whole, at the time of the entry, in milliseconds: the entry says how many rows came, but not
 * how many there are, so it states none.
 */
export const translateAuditEntry = (entry: unknown): NewsTranslation => {
  const read = AuditEntry.safeParse(entry)
  if (!read.success) return misshapenNews(read.error)
  const { timestamp, protoPayload } = read.data
  if (protoPayload.serviceName !== 'bigquery.googleapis.com')
    return ignoredNews(`Winnow does not act on entries of ${protoPayload.serviceName}`)
  const { tableDataChange, tableDeletion } = protoPayload.metadata ?? {}
  if (tableDataChange === undefined && tableDeletion === undefined)
    return ignoredNews('the entry says nothing of the data in a table')
  const [, project, dataset, name] = table.exec(protoPayload.resourceName) ?? []
  if (project === undefined) return invalidNews('protoPayload.resourceName: is no projects/P/datasets/D/tables/T')
  return newsOf(tableDataChange === undefined ? 'deleted' : 'written', {
    uri: `bq://${project}.${dataset}.${name}`,
    generation: String(Date.parse(timestamp)),
    size: 0,
  })
}

/** Whether something looks like an entry of an audit log at all. */
export const isAuditEntry = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'protoPayload' in value
