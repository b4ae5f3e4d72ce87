import { formatTime, type Time } from '../../domain/time.ts'
import type { Approval } from '../gates/case.ts'
import { requirementOf } from '../gates/requirement.ts'
import type { ApprovalRule, EnvironmentRules, Window } from '../language/policy.ts'
import { windowOpening } from './windows.ts'

/** Whether a candidate that passed may enter an environment now. */
export type Entry =
  | { readonly kind: 'open' }
  /** `until` is null where only a person can change it. */
  | { readonly kind: 'wait'; readonly reason: string; readonly until: Time | null }
  | { readonly kind: 'refused'; readonly reason: string }

/** What a `protected` environment asks where its policy says nothing: anybody's word. */
export const anybody: ApprovalRule = { count: 1, from: [], notAuthor: false, validFor: null }

/** Approvals are asked first, since people take longer than windows; both must hold when the release begins. */
export const entryOf = (
  environment: string,
  { approvals, windows }: Pick<EnvironmentRules, 'approvals' | 'windows'>,
  words: readonly Approval[],
  author: string,
  at: Time,
): Entry => {
  if (approvals !== null) {
    const { outcome, reason } = requirementOf(approvals, words, author)
    if (outcome === 'fail') return { kind: 'refused', reason }
    if (outcome === 'inconclusive') return { kind: 'wait', reason: `${environment}: ${reason}`, until: null }
  }
  return windowEntry(environment, windows, at)
}

/** Whether more traffic may go to a candidate now. */
export const windowEntry = (
  environment: string,
  windows: readonly Window[],
  at: Time,
): Exclude<Entry, { kind: 'refused' }> => {
  const { open, until } = windowOpening(windows, at)
  if (open) return { kind: 'open' }
  const when = until === null ? 'no window ever opens' : `its window opens at ${formatTime(until)}`
  return { kind: 'wait', reason: `${environment} takes no release now: ${when}`, until }
}
