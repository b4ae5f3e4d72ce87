import { Fault, isFault, messageOf } from '../../domain/errors.ts'
import type { Answer, FeedFault, FeedLedger, FeedName, PulledMessage, Subscription } from '../../domain/feed.ts'
import type { Duration } from '../../domain/time.ts'
import type { Log } from '../../log.ts'
import { backoff } from '../running/backoff.ts'
import { pause } from '../running/pause.ts'
import { feedFaultOf, noTurn, settleTurn } from './feed-turns.ts'
import type { Taken } from './take-news.ts'

export interface PullPorts {
  readonly store: FeedLedger
  readonly log: Log
}

export interface PullOptions {
  /** How long after something was told it is written down: together with what comes meanwhile. */
  readonly tellEvery?: Duration
  /** The longest wait before a subscription is asked again that could not be pulled. */
  readonly longestPause?: Duration
}

/** An interruption shorter than this is no outage: streams are ended by their servers now and then. */
const toleratedFailures = 1

/**
 * Pulls a subscription until the signal aborts, and again whenever it could not be pulled. `take` must have stored what
 * a message says when it answers; where it fails, the message goes back, after a while: what could not be stored now
 * cannot be stored at once either.
 */
export const keepPulling = async (
  ports: PullPorts,
  feed: FeedName,
  subscription: Subscription,
  take: (message: PulledMessage) => Promise<Taken>,
  signal: AbortSignal,
  { tellEvery = 2_000, longestPause = 30_000 }: PullOptions = {},
): Promise<void> => {
  const { log } = ports
  const { source } = feed
  let [told, refused] = [0, 0]
  let [failures, untaken] = [0, 0]
  let standing: FeedFault | null = null
  let telling: NodeJS.Timeout | undefined
  let written: Promise<void> = Promise.resolve()

  const tell = (fault: FeedFault | null): Promise<void> => {
    clearTimeout(telling)
    telling = undefined
    standing = fault
    written = written.then(async () => {
      const turn = { ...noTurn, told, refused, fault }
      ;[told, refused] = [0, 0]
      try {
        await settleTurn(ports, feed, turn)
      } catch (error) {
        told += turn.told
        refused += turn.refused
        log.warn({ source, feed: feed.kind, error }, 'how a source stands could not be written down')
      }
    })
    return written
  }
  const tellSoon = (): void => {
    telling ??= setTimeout(() => void tell(null), tellEvery)
  }

  const answer = async (message: PulledMessage): Promise<Answer> => {
    try {
      const taken = await take(message)
      untaken = 0
      told += taken.told
      refused += taken.refused
      tellSoon()
      return taken.answer
    } catch (error) {
      untaken++
      if (untaken === 1)
        log.warn({ source, feed: feed.kind, reason: messageOf(error) }, 'a message could not be stored, it comes again')
      await pause(Math.min(longestPause, backoff(untaken)), signal)
      return 'nack'
    }
  }

  const opened = (): void => {
    failures = 0
    tellSoon()
  }

  while (!signal.aborted) {
    try {
      await subscription.pull(answer, opened, signal)
    } catch (error) {
      failures++
      if (!(error instanceof Fault)) log.error({ source, feed: feed.kind, error }, 'the pull of a source failed')
      else if (failures > toleratedFailures || isFault(error, 'source_refused')) await tell(feedFaultOf(error))
      await pause(Math.min(longestPause, backoff(failures)), signal)
    }
  }
  await (told + refused > 0 ? tell(standing) : written)
  clearTimeout(telling)
}
