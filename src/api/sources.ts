import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { SourceKind } from '../domain/data-address.ts'
import { Fault } from '../domain/errors.ts'
import type { Feed, FeedKind, FeedLedger, FeedName } from '../domain/feed.ts'
import type { Duration } from '../domain/time.ts'
import { listQuery } from './requests.ts'

/** A source of the config, as far as people see it. */
interface ConfiguredSource {
  readonly name: string
  readonly kind: SourceKind
  readonly addresses: readonly string[]
  readonly repositories: readonly string[]
  readonly poll?: Duration | undefined
  readonly pull?: { readonly subscription: string; readonly deadLetters?: string | undefined } | undefined
}

export interface SourcesPorts {
  readonly store: Pick<FeedLedger, 'feeds' | 'refusedMessages'>
  readonly sources: readonly ConfiguredSource[]
}

/** The sources of data: how each is asked for what is new, how that stands, and what it said that became no change. */
export const sourcesApi =
  ({ store, sources }: SourcesPorts): FastifyPluginAsyncZod =>
  async (app) => {
    const viewOf = (source: ConfiguredSource, feeds: readonly Feed[]) => {
      const { name, kind, addresses, repositories } = source
      return { name, kind, addresses, repositories, feeds: feedsOf(source, feeds) }
    }

    app.get('/sources', async () => {
      const feeds = await store.feeds()
      return { sources: sources.map((source) => viewOf(source, feeds)) }
    })

    app.get(
      '/sources/:name',
      { schema: { params: z.object({ name: z.string().min(1) }), querystring: listQuery } },
      async ({ params, query }) => {
        const source = sources.find(({ name }) => name === params.name)
        if (source === undefined)
          throw new Fault('not_found', `The config names no source ${params.name}`, {
            remedy:
              sources.length === 0
                ? 'It names none at all.'
                : `Sources are: ${sources.map(({ name }) => name).join(', ')}.`,
          })
        const refused = await store.refusedMessages(source.name, query.limit)
        return { ...viewOf(source, await store.feeds()), refused }
      },
    )
  }

/** The feeds that the config asks for; those of which nothing is known yet wait for their first turn. */
const feedsOf = (source: ConfiguredSource, feeds: readonly Feed[]) => {
  const { poll, pull } = source
  const wanted: Partial<Record<FeedKind, string>> = {
    ...(poll === undefined ? {} : { poll: source.addresses.join(', ') }),
    ...(pull === undefined ? {} : { pull: pull.subscription }),
    ...(pull?.deadLetters === undefined ? {} : { deadLetters: pull.deadLetters }),
  }
  return (Object.entries(wanted) as [FeedKind, string][]).map(([kind, of]) => {
    const known = feeds.find((feed) => feed.source === source.name && feed.kind === kind)
    return {
      ...(known ?? notAskedYet({ source: source.name, kind })),
      of,
      every: kind === 'poll' ? (poll ?? null) : null,
    }
  })
}

const notAskedYet = (feed: FeedName): Feed => ({
  ...feed,
  state: 'waiting',
  since: 0,
  lastSuccess: null,
  lastFault: null,
  objects: null,
  told: 0,
  refused: 0,
})
