import { z } from 'zod'
import { type ChangeFilter, changeKinds, changeStates, sumsBy } from '../domain/ledger.ts'
import { nearestName } from '../domain/nearest-name.ts'
import { listQuery } from './requests.ts'

const name = z.string().min(1).max(1_000)
const time = z.coerce.number().int().min(0).max(8.64e15).describe('milliseconds since 1970')

const parameters = {
  ...listQuery.shape,
  cursor: z.coerce
    .number()
    .int()
    .positive()
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('`next` of the page before'),
  by: z.enum(sumsBy).default('state').describe('what `sum` counts by'),
  repository: name.optional(),
  state: z.enum(changeStates).optional(),
  kind: z.enum(changeKinds).optional(),
  sender: name.optional().describe('who told Winnow: github, pubsub, poll, replay, winnow, …'),
  pipeline: name.optional().describe('named by the cause, or by a run or batch that the change came to'),
  author: name.optional(),
  search: name.max(200).optional().describe('text in what happened or in the reason of the outcome'),
  since: time.optional(),
  until: time.optional(),
  archived: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .describe('those in archives instead'),
}

/** A filter that is not known is refused: what a list leaves out must have been asked for. */
const unknownFilter = (issue: { readonly code?: string | undefined; readonly keys?: readonly string[] }) => {
  if (issue.code !== 'unrecognized_keys' || issue.keys === undefined) return undefined
  return issue.keys
    .map((key) => {
      const near = nearestName(key, Object.keys(parameters))
      return `there is no filter ${key}${near === undefined ? '' : `; did you mean ${near}?`}`
    })
    .join(', ')
}

/** Of an archived change these are in its file, where no list looks. */
const notOfArchives = ['pipeline', 'author', 'search'] as const

export const changeQuery = z
  .strictObject(parameters, { error: (issue) => unknownFilter(issue as never) })
  .superRefine((query, context) => {
    for (const filter of notOfArchives)
      if (query.archived && query[filter] !== undefined)
        context.addIssue({ code: 'custom', message: `archived changes are not found by ${filter}` })
  })
type ChangeQuery = z.infer<typeof changeQuery>

export const filterOf = ({
  limit: _limit,
  cursor: _cursor,
  by: _by,
  archived: _archived,
  ...filter
}: ChangeQuery): ChangeFilter => Object.fromEntries(Object.entries(filter).filter(([, wanted]) => wanted !== undefined))
