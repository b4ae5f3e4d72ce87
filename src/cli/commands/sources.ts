import type { Feed, RefusedMessage } from '../../domain/feed.ts'
import { type ClientOptions, connect } from '../client.ts'
import { paintState } from '../style.ts'
import { ago, print, printJson, table } from '../table.ts'

interface SourceView {
  readonly name: string
  readonly kind: string
  readonly addresses: readonly string[]
  readonly repositories: readonly string[]
  /** `of`: what is polled or pulled. */
  readonly feeds: readonly (Feed & { readonly of: string })[]
}

interface Options extends ClientOptions {
  readonly limit: string
  readonly json?: boolean
}

const words = { poll: 'poll', pull: 'pull', deadLetters: 'dead letters' } as const

/** `winnow sources [name]` */
export const sources = async (name: string | undefined, options: Options): Promise<void> => {
  const client = await connect(options)
  if (name === undefined) {
    const list = await client.get<{ sources: readonly SourceView[] }>('/sources')
    if (options.json) return printJson(list)
    return print(list.sources.length === 0 ? 'The config names no sources.' : describeSources(list.sources))
  }
  const path = `/sources/${encodeURIComponent(name)}?limit=${encodeURIComponent(options.limit)}`
  const source = await client.get<SourceView & { refused: readonly RefusedMessage[] }>(path)
  if (options.json) return printJson(source)
  print(describeSources([source]))
  print('')
  print(source.refused.length === 0 ? 'No message was refused.' : describeRefused(source.refused))
}

const describeSources = (list: readonly SourceView[]): string =>
  [
    table(
      ['source', 'kind', 'asked by', 'state', 'last success', 'there', 'new', 'refused', 'of'],
      list.flatMap(({ name, kind, addresses, feeds }) =>
        feeds.length === 0
          ? [[name, kind, 'nothing', 'it tells by itself', '', '', '', '', addresses.join(', ')]]
          : feeds.map((feed) => [
              name,
              kind,
              words[feed.kind],
              paintState(feed.state),
              feed.lastSuccess === null ? 'never' : ago(feed.lastSuccess, Date.now()),
              feed.objects === null ? '' : String(feed.objects),
              String(feed.told),
              String(feed.refused),
              feed.of,
            ]),
      ),
    ),
    ...list.flatMap(({ feeds }) => feeds.flatMap(describeFault)),
  ].join('\n')

/** What is wrong now, or was. */
const describeFault = ({ source, kind, state, since, lastFault }: Feed): readonly string[] => {
  if (lastFault === null) return []
  const when = ago(lastFault.at, Date.now())
  const what = `${lastFault.message} [${lastFault.code}]`
  return [
    '',
    state === 'failing'
      ? `${source}, ${words[kind]}: failing, first ${ago(since, Date.now())}, tried last ${when}: ${what}`
      : `${source}, ${words[kind]}: works again; ${when} it failed: ${what}`,
  ]
}

const describeRefused = (messages: readonly RefusedMessage[]): string =>
  table(
    ['message', 'from', 'came', 'why', 'it said'],
    messages.map(({ id, kind, at, reason, attributes, body }) => [
      id,
      words[kind],
      ago(at, Date.now()),
      reason,
      JSON.stringify(body === '' ? attributes : body.slice(0, 100)),
    ]),
  )
