import type { DataObject } from './batch.ts'
import type { FaultCode } from './errors.ts'
import type { Duration, Time } from './time.ts'

/** The ways in which Winnow asks a source for its news: it lists it, pulls its messages, or those that nobody could take. */
export type FeedKind = 'poll' | 'pull' | 'deadLetters'

export interface FeedName {
  readonly source: string
  readonly kind: FeedKind
}

export interface FeedFault {
  readonly code: FaultCode
  readonly message: string
}

/** A feed as it stands, whichever process keeps it going. */
export interface Feed extends FeedName {
  /** Waiting until the first try has ended. */
  readonly state: 'waiting' | 'working' | 'failing'
  readonly since: Time
  readonly lastSuccess: Time | null
  /** The last one, also where it works again. */
  readonly lastFault: (FeedFault & { readonly at: Time }) | null
  /** Objects that were there at the last look; null for messages. */
  readonly objects: number | null
  /** Changes that were new. */
  readonly told: number
  readonly refused: number
}

/** What a feed did since it last said so, and whether it works. */
export interface FeedTurn {
  readonly told: number
  readonly refused: number
  /** Null where it does not count them, or could not. */
  readonly objects: number | null
  readonly fault: FeedFault | null
  /** When its next turn is; null where it has none of its own. */
  readonly nextAt: Time | null
}

/** A message that became no change: nobody could read it, or nobody could take it before its deliveries were used up. */
export interface RefusedMessage extends FeedName {
  /** The sender's own. */
  readonly id: string
  readonly at: Time
  readonly publishedAt: Time | null
  readonly reason: string
  readonly attributes: Readonly<Record<string, string>>
  /** The beginning of it, as text. */
  readonly body: string
}

/** Of the newest refused messages of a feed so many are kept. */
export const refusedMessagesKept = 1_000

/** What is remembered of feeds. All processes over one store share it. */
export interface FeedLedger {
  /**
   * Takes a feed for one owner until `until`, if nobody else has it and its next turn has come: `every` is how far apart
   * turns are at most. Undefined: not now.
   */
  claimFeed(
    feed: FeedName,
    lease: { readonly owner: string; readonly until: Time; readonly every: Duration },
  ): Promise<{ readonly failures: number } | undefined>
  /** False: the lease was lost. */
  extendFeed(feed: FeedName, owner: string, until: Time): Promise<boolean>
  /** Ends the lease, if there is one. `before` is how it stood: a change is worth a word in the log. */
  settleFeed(feed: FeedName, turn: FeedTurn): Promise<{ readonly before: Feed['state'] }>
  feeds(): Promise<readonly Feed[]>
  /** Keeps it once, however often it comes; whether it is new comes back. */
  keepRefused(message: RefusedMessage): Promise<boolean>
  /** Newest first. */
  refusedMessages(source: string, limit: number): Promise<readonly RefusedMessage[]>
}

/** A watched address of a repository, by a name that tells it from all others: `source/repository/digest`. */
export type WatchName = string

/** What polls saw last, object by object, so that the next one knows what is new and what is gone. */
export interface Sightings {
  recallObjects(watch: WatchName): Promise<ReadonlyMap<string, DataObject>>
  rememberObjects(watch: WatchName, objects: readonly DataObject[]): Promise<void>
  /** Forgets objects at these generations; one that was seen at another since stays. */
  forgetObjects(watch: WatchName, objects: readonly DataObject[]): Promise<void>
  /** Forgets what begins with `start` and is none of these. */
  forgetOtherWatches(start: string, watches: readonly WatchName[]): Promise<void>
}

/** A message of a subscription. */
export interface PulledMessage {
  readonly id: string
  readonly publishedAt: Time
  readonly attributes: Readonly<Record<string, string>>
  readonly data: Uint8Array
  /** How often it was delivered; 0 where the subscription has no policy for messages that nobody takes. */
  readonly deliveries: number
}

/** `ack`: it never comes again. `nack`: it comes again, or, after too many deliveries, goes to the dead letters. */
export type Answer = 'ack' | 'nack'

export interface Subscription {
  /**
   * Hands over messages as they come, several at once, each at least once, until the signal aborts: then it resolves,
   * once those under way are answered. `opened` is called when the subscription can be pulled. Faults, after which
   * nothing is handed over any more: source_unavailable, source_refused.
   */
  pull(take: (message: PulledMessage) => Promise<Answer>, opened: () => void, signal: AbortSignal): Promise<void>
}
