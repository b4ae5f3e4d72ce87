import type { Books } from './booked.ts'
import type { Random } from './random.ts'

/** How a change may end. */
export type Outcome = 'ignored' | 'invalid' | 'batched' | 'started' | 'superseded'

/** One thing that happened, as the sender knows it: it must become exactly one change. */
export interface Happening {
  /** Winnow's name of the repository that hears of it. */
  readonly repository: string
  /** What its change must say; unique in the repository (about.ts). */
  readonly about: string
  /** The ends that are right for it. */
  readonly outcomes: readonly Outcome[]
  /** Of data: the object that a manifest must have, or that may be missing there because it was replaced or deleted. */
  readonly object?: { readonly key: string; readonly lasts: boolean }
  /** It came where Winnow may not have looked: no change of it is right, too, and two are not. */
  readonly unsure?: true
}

/** Where a delivery goes, and what it needs to know at that moment. */
export interface Doorstep {
  /** Of the web process. */
  readonly url: string
  /** Of the API. */
  readonly token: string
  readonly now: number
  /** 0 for the first time, 1 and more for the same delivery again. */
  readonly copy: number
}

export type Answer =
  /** `changes` in the order of the happenings; undefined where the sender is not told their numbers. */
  | {
      readonly kind: 'acknowledged'
      readonly changes: readonly { readonly id: number; readonly duplicate: boolean }[] | undefined
    }
  | { readonly kind: 'refused'; readonly status: number }
  /** No answer, or one that asks to be called again. */
  | { readonly kind: 'again'; readonly why: string }

/** What a sender sends: the same happenings each time it is sent. */
export interface Delivery {
  readonly sender: string
  /** Empty where there is nothing to record, such as a ping. Read once it was sent: a server numbers its objects itself. */
  readonly happenings: readonly Happening[]
  readonly send: (door: Doorstep) => Promise<Answer>
}

/** A delivery that somebody else made up or spoiled: it must be refused and leave nothing. */
export interface Forgery {
  readonly sender: string
  /** `wrong signature`, `body tampered with` … */
  readonly how: string
  /** The statuses that are right for it. */
  readonly refusals: readonly number[]
  /** Under what Winnow must count it: the address it was posted to and its word for the reason. The API counts none. */
  readonly counted?: CountedAs
  readonly send: (door: Doorstep) => Promise<Answer>
}

export interface CountedAs {
  readonly sender: string
  readonly reason: string
}

/** What the controller's config must say for a sender to be believed. */
interface ConfigPart {
  readonly repositories?: Readonly<Record<string, object>>
  readonly sources?: Readonly<Record<string, object>>
  readonly google?: object
  readonly people?: Readonly<Record<string, object>>
}

/** Where senders keep what they send from. */
interface Ground {
  /** Writable by all; Winnow's data folder is elsewhere. */
  readonly folder: string
  /** How many deliveries there will be, so that repositories are as large as they need to be. */
  readonly deliveries: number
}

/** One row of the table of senders. */
export interface Sender {
  readonly name: string
  /** How often it sends, beside the others; 0 where nobody sends, such as of a clock. */
  readonly weight: number
  /** It speaks through the emulators of Google Cloud and S3, and is left out where they are missing. */
  readonly needsEmulators?: true
  readonly open: (ground: Ground) => Promise<OpenSender>
}

export interface OpenSender {
  readonly config: ConfigPart
  /** What the config's references to environment variables stand for. */
  readonly secrets?: Readonly<Record<string, string>>
  /** Its delivery number `index`. */
  readonly next: (random: Random, index: number) => Delivery
  /** Something that looks like it, and is not; undefined where nobody can speak for it. */
  readonly forge?: (random: Random, index: number) => Forgery
  /** What happens by itself. */
  readonly clock?: Clock
  /** What of the books is not as this sender alone knows that it has to be. */
  readonly differences?: (books: Books) => readonly string[]
  readonly close?: () => Promise<void>
}

/** What nobody sends and comes all the same. */
interface Clock {
  /** What came between two moments. */
  readonly happenings: (from: number, to: number) => readonly Happening[]
  /** False where something is about to come, or may be under way: the books are not closed then. */
  readonly rests: (now: number) => boolean
}
