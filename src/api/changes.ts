import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { ArchiveFolder, ArchiveLedger } from '../domain/archive.ts'
import { type Change, describeCause } from '../domain/change.ts'
import { Fault } from '../domain/errors.ts'
import type { ChangeFilter, LedgerReading } from '../domain/ledger.ts'
import type { RowKind, Store } from '../domain/ports/store.ts'
import { reconcileLedger } from '../ledger/reconcile-ledger.ts'
import { trace } from '../ledger/trace.ts'
import { withArchives } from '../ledger/with-archives.ts'
import { changeQuery, filterOf } from './change-query.ts'
import { idParameter, notFound } from './requests.ts'

export type LedgerStore = Store & LedgerReading & ArchiveLedger

/** What a list shows of a change. */
const changeSummary = (change: Change) => ({
  id: change.id,
  repository: change.repository,
  kind: change.cause.kind,
  what: describeCause(change.cause),
  sender: change.sender ?? 'winnow',
  author: change.author,
  state: change.state,
  reason: change.reason,
  faults: change.faults,
  receivedAt: change.receivedAt,
})

const traced = { changes: 'change', runs: 'run', verdicts: 'verdict', releases: 'release' } as const satisfies Record<
  string,
  RowKind
>

const unreadable = (id: number): never => {
  throw new Fault('archive_damaged', `Change ${id} is in an archive, and this process is not told where archives lie`, {
    remedy: 'Set retention.archive in its config to the folder that the workers write to.',
  })
}

/** The ledger: what happened, how each ended, what came of it, and whether it adds up. */
export const changesApi =
  (store: LedgerStore, archive?: Pick<ArchiveFolder, 'read'>): FastifyPluginAsyncZod =>
  async (app) => {
    const findArchived = async (filter: ChangeFilter, limit: number, before?: number) => {
      const reading = withArchives(store, archive)
      const found: Change[] = []
      for (const id of await store.findArchivedChanges(filter, limit, before))
        found.push((await reading.get('change', id)) ?? unreadable(id))
      return found
    }

    app.get('/changes', { schema: { querystring: changeQuery } }, async ({ query }) => {
      const filter = filterOf(query)
      const changes = query.archived
        ? await findArchived(filter, query.limit, query.cursor)
        : await store.findChanges(filter, query.limit, query.cursor)
      return {
        changes: changes.map(changeSummary),
        sum: await store.sumChanges(filter, query.by),
        next: changes.length < query.limit ? null : (changes.at(-1)?.id ?? null),
      }
    })

    app.get(
      '/changes/report',
      { schema: { querystring: z.strictObject({ since: z.coerce.number().int().min(0).max(8.64e15).optional() }) } },
      async ({ query }) => reconcileLedger(await store.account(query.since ?? null)),
    )

    app.get('/changes/:id', { schema: { params: idParameter } }, async ({ params }) => {
      const reading = withArchives(store, archive)
      const change = await reading.get('change', params.id)
      if (change === undefined) throw notFound('change', params.id)
      const runs = await reading.list('run', { change: change.id })
      return { change, runs: runs.map((run) => run.id), history: await reading.history('change', change.id) }
    })

    for (const [path, kind] of Object.entries(traced))
      app.get(`/${path}/:id/trace`, { schema: { params: idParameter } }, async ({ params }) => {
        const found = await trace(withArchives(store, archive), kind, params.id)
        if (found === undefined) throw notFound(kind, params.id)
        return found
      })
  }
