import { z } from 'zod'
import { Fault } from '../domain/errors.ts'
import { longestDecision } from '../domain/time.ts'

export const idParameter = z.object({ id: z.coerce.number().int().positive() })
export const listQuery = z.object({ limit: z.coerce.number().int().min(1).max(1000).default(50) })

export const notFound = (what: string, id: number | string): Fault =>
  new Fault('not_found', `There is no ${what} ${id}`, {
    remedy: `List them with \`winnow ${what}${what.endsWith('h') ? 'es' : 's'}\`.`,
  })

/** Any JSON, by a name of its own: the document of the API refers to it, and it refers to itself. */
export const anyJson = z.json()
z.globalRegistry.add(anyJson, { id: 'Json' })

/** How long what a person decides is to hold. */
export const lasts = z.int().min(1_000).max(longestDecision).describe('milliseconds')
