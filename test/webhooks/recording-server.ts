import { createHmac } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import { createSigningKeys } from '../../src/adapters/google/signing-keys.ts'
import type { Change } from '../../src/domain/change.ts'
import type { NewRow, Store } from '../../src/domain/ports/store.ts'
import { createLog } from '../../src/log.ts'
import type { WebhookSource } from '../../src/webhooks/data/data-sender.ts'
import { createLimits, type LimitRules } from '../../src/webhooks/limits.ts'
import { createRefusals, type Refusals } from '../../src/webhooks/refusals.ts'
import type { WebhookRepository } from '../../src/webhooks/sender.ts'
import { registerWebhooks } from '../../src/webhooks/webhooks.ts'

export const sign = (secret: string, body: string | Buffer): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

/** What the server's clock says. */
export const now = 1_700_000_000_000

export interface RecordingServer {
  readonly app: FastifyInstance
  readonly changes: Change[]
  /** Lines of the log, parsed. */
  readonly logged: Record<string, unknown>[]
  readonly refusals: Refusals
  /** What the next calls of recordChange throw, one each. */
  readonly failures: Error[]
}

interface RecordingOptions {
  readonly maxBodyBytes?: number
  readonly limits?: LimitRules
  readonly sources?: readonly WebhookSource[]
  /** Where the keys of Google's stand-in are; nowhere by default. */
  readonly keysUrl?: string
  readonly clock?: () => number
  /** A store's own, instead of the ledger in memory. */
  readonly recordChange?: Store['recordChange']
}

/** A real Fastify with the webhooks, over a ledger in memory that keeps recordChange's contract. */
export const createRecordingServer = async (
  repositories: readonly WebhookRepository[],
  {
    maxBodyBytes,
    limits = { perMinute: 10_000, failuresPerMinute: 10_000 },
    sources = [],
    keysUrl,
    clock = () => now,
    recordChange,
  }: RecordingOptions = {},
): Promise<RecordingServer> => {
  const app = Fastify()
  const changes: Change[] = []
  const logged: Record<string, unknown>[] = []
  const refusals = createRefusals(now)
  const server: RecordingServer = { app, changes, logged, refusals, failures: [] }
  await registerWebhooks(app, {
    repositories,
    sources,
    signingKeys: createSigningKeys({ url: keysUrl ?? 'http://127.0.0.1:9/', now: clock }),
    refusals,
    limits: createLimits(limits),
    now: clock,
    log: createLog('debug', { write: (line) => void logged.push(JSON.parse(line)) }),
    ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
    recordChange:
      recordChange ??
      (async (row: NewRow<'change'>) => {
        const failure = server.failures.shift()
        if (failure !== undefined) throw failure
        const known = changes.find(({ dedupeKey }) => dedupeKey === row.dedupeKey)
        if (known !== undefined) return { change: known, duplicate: true }
        const change = { ...row, id: changes.length + 1, version: 1 }
        changes.push(change)
        return { change, duplicate: false }
      }),
  })
  return server
}
