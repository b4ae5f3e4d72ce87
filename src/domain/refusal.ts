import type { Time } from './time.ts'

/** Why a request was refused: one word for each, so that they can be counted. */
export const refusalReasons = [
  /** Nothing in the config speaks by this address. */
  'notConfigured',
  'tooLarge',
  /** The HTTP itself: half a body, a length that does not fit. */
  'unreadable',
  'forged',
  'stale',
  /** Well signed, and of nobody whom the config names. */
  'foreignToken',
  /** The keys that would tell could not be had; the sender may try again. */
  'keysUnavailable',
  'tooMany',
  'noJson',
  'tooDeep',
  'wrongShape',
  'unknownRepository',
  /** Well signed, about an address that the signer may not speak for. */
  'foreignAddress',
  /** The store did not take it; the sender may try again. */
  'notStored',
  /** No refusal of ours: the sender said that it will tell of a repository no more. */
  'withdrawn',
] as const
export type RefusalReason = (typeof refusalReasons)[number]

export interface RefusalCount {
  readonly sender: string
  readonly reason: RefusalReason
  readonly count: number
}

/**
 * What one process refused. Refused requests come from anybody, so they cost no write each: they are counted in memory, and
 * the counts written down together, a quarter of a second later at most.
 */
export interface RefusalReport {
  /** When this process began to count. */
  readonly since: Time
  readonly counts: readonly RefusalCount[]
}
