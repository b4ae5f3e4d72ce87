import type { CountedAs, Delivery, Forgery, Happening } from './sender.ts'

/** What the sending side knows of one happening: it asks nobody else. */
export interface Sent extends Happening {
  readonly sender: string
  /** How often a delivery of it was acknowledged. */
  acknowledged: number
  /** Numbers that the answers gave its change. */
  readonly ids: Set<number>
  /** Answers that called it new. */
  fresh: number
}

export interface Refused {
  readonly sender: string
  /** How it was forged, or `genuine`. */
  readonly how: string
  readonly status: number
  readonly right: boolean
  readonly counted?: CountedAs
  /** When the answer came. */
  readonly at: number
}

/** What was sent, and what was answered. */
export interface SentRecord {
  readonly happenings: Sent[]
  readonly refused: Refused[]
  /** Forgeries that were taken for genuine. */
  readonly believed: { readonly sender: string; readonly how: string }[]
  /** Of forgeries, tries without an answer: Winnow may have counted them. */
  readonly mute: CountedAs[]
  /** When a process was killed that refuses, or its database went away: what it had counted last may be gone, or be there twice. */
  readonly lapses: number[]
  /** Deliveries that were never answered within the patience of their sender. */
  readonly unanswered: string[]
  /** Deliveries by sender. */
  readonly sent: Map<string, number>
  /** Of these, with nothing to record. */
  readonly nothings: Map<string, number>
  /** Tries that had no answer or one that asked to come again, by reason. */
  readonly again: Map<string, number>
}

export const emptyRecord = (): SentRecord => ({
  happenings: [],
  refused: [],
  believed: [],
  mute: [],
  lapses: [],
  unanswered: [],
  sent: new Map(),
  nothings: new Map(),
  again: new Map(),
})

export const countIn = (counts: Map<string, number>, key: string, by = 1): void => {
  counts.set(key, (counts.get(key) ?? 0) + by)
}

const entryOf = (sender: string, happening: Happening): Sent => ({
  ...happening,
  sender,
  acknowledged: 0,
  ids: new Set(),
  fresh: 0,
})

/** What came by itself: nobody had to be told that it arrived. */
export const recordTicks = (record: SentRecord, sender: string, happenings: readonly Happening[]): void => {
  for (const happening of happenings) record.happenings.push({ ...entryOf(sender, happening), acknowledged: 1 })
}

/** The record's entries of a delivery, made when it is sent for the first time, whichever copy that is. */
export const createEntries = (record: SentRecord): ((delivery: Delivery) => readonly Sent[]) => {
  const known = new Map<Delivery, readonly Sent[]>()
  return (delivery) => {
    const there = known.get(delivery)
    if (there !== undefined) return there
    const entries = delivery.happenings.map((happening) => entryOf(delivery.sender, happening))
    record.happenings.push(...entries)
    known.set(delivery, entries)
    return entries
  }
}

export const refusedAs = ({ sender, how, refusals, counted }: Forgery, status: number, at: number): Refused => ({
  sender,
  how,
  status,
  right: refusals.includes(status),
  at,
  ...(counted === undefined ? {} : { counted }),
})
