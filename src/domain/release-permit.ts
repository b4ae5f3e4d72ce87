import { subjectOf } from './approval.ts'
import { digestJson } from './digest.ts'
import type { Json } from './json.ts'
import { type Override, overrideFault } from './override.ts'
import type { Release } from './release.ts'
import type { Time } from './time.ts'
import type { Receipt, Verdict } from './verdict.ts'

/** What allows a release to begin: nothing is served without one of them. */
export type Permit =
  | { readonly kind: 'verdict' }
  | { readonly kind: 'override' }
  /** The verdict is inconclusive, and the policy may let a part of the traffic tell more. */
  | { readonly kind: 'canary' }
  /** The verdict is being given again. */
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'none'; readonly reason: string }

/** A passing verdict (of a canary, an inconclusive one) with exactly the receipt that the release was made from, or an override of it that has not expired. */
export const permitOf = (
  release: Pick<Release, 'canary' | 'receiptDigest' | 'verdict'>,
  verdict: Verdict | undefined,
  override: Override | undefined,
  at: Time,
): Permit => {
  const receipt = verdict?.receipt ?? null
  if (verdict === undefined || receipt === null)
    return { kind: 'none', reason: `there is no verdict ${release.verdict}` }
  if (override !== undefined) {
    const fault = overrideFault(override, subjectOf(receipt), at)
    return fault === undefined ? { kind: 'override' } : { kind: 'none', reason: fault }
  }
  if (verdict.state === 'pending') return { kind: 'wait', reason: `verdict ${verdict.id} is being given again` }
  if (release.canary && verdict.state === 'inconclusive')
    return isMadeOf(release, receipt)
      ? { kind: 'canary' }
      : { kind: 'none', reason: `verdict ${verdict.id} was given again, by another receipt` }
  if (verdict.state !== 'pass')
    return { kind: 'none', reason: `verdict ${verdict.id} is ${verdict.state} now: ${receipt.reason}` }
  if (!isMadeOf(release, receipt))
    return { kind: 'none', reason: `verdict ${verdict.id} was given again, by another receipt` }
  return { kind: 'verdict' }
}

const isMadeOf = ({ receiptDigest }: Pick<Release, 'receiptDigest'>, receipt: Receipt): boolean =>
  digestJson(receipt as unknown as Json) === receiptDigest
