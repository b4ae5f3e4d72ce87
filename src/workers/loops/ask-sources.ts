import type { FeedLedger, Sightings, Subscription } from '../../domain/feed.ts'
import type { DataSource } from '../../domain/ports/data.ts'
import type { Store } from '../../domain/ports/store.ts'
import type { Duration, Time } from '../../domain/time.ts'
import type { Log } from '../../log.ts'
import type { DeclarationPorts } from '../declaration/declaration.ts'
import { keepPollingSource } from './poll-source.ts'
import { keepPulling } from './pull-source.ts'
import { takeDeadLetter, takeNews } from './take-news.ts'

export interface AskPorts extends DeclarationPorts {
  readonly store: Pick<Store, 'recordChange'> & Sightings & FeedLedger
  /** Of what is pulled, which a sender told. */
  readonly recordTold: Store['recordChange']
  readonly now: () => Time
  readonly log: Log
}

/** A source that Winnow asks, rather than wait until it tells. */
export interface AskedSource {
  readonly name: string
  readonly addresses: readonly string[]
  readonly repositories: readonly string[]
  readonly reader: DataSource
  readonly poll?: Duration | undefined
  readonly pull?: Subscription | undefined
  readonly deadLetters?: Subscription | undefined
}

/** Polls and pulls all sources until the signal aborts; each promise ends once nothing of its feed is under way. */
export const keepAsking = (
  ports: AskPorts,
  sources: readonly AskedSource[],
  signal: AbortSignal,
): readonly Promise<void>[] =>
  sources.flatMap((source) => {
    const { name, poll, pull, deadLetters } = source
    const asked: Promise<void>[] = []
    const hearing = { ...ports, store: { ...ports.store, recordChange: ports.recordTold } }
    if (poll !== undefined)
      asked.push(keepPollingSource(ports, { ...source, every: poll, list: source.reader.list }, signal))
    if (pull !== undefined)
      asked.push(
        keepPulling(
          ports,
          { source: name, kind: 'pull' },
          pull,
          (message) => takeNews(hearing, source, message),
          signal,
        ),
      )
    if (deadLetters !== undefined)
      asked.push(
        keepPulling(
          ports,
          { source: name, kind: 'deadLetters' },
          deadLetters,
          (message) => takeDeadLetter(ports, source, message),
          signal,
        ),
      )
    return asked
  })
