import { operatorName } from '../../domain/approval.ts'
import { formatDuration } from '../../domain/time.ts'
import type { ApprovalRule } from '../language/policy.ts'
import type { Approval } from './case.ts'

/**
 * Who counts for a rule: of the groups and names that it names, and not the author where it says so. Whoever uses the
 * API's own token is nobody in particular, so nobody can tell that it is not the author.
 */
export const countsFor = (
  { from, notAuthor }: ApprovalRule,
  { by, groups }: Pick<Approval, 'by' | 'groups'>,
  author: string,
): boolean =>
  !(notAuthor && (by === author || by === operatorName)) &&
  (from.length === 0 || from.includes(by) || groups.some((group) => from.includes(group)))

export interface Requirement {
  readonly outcome: 'pass' | 'fail' | 'inconclusive'
  readonly reason: string
}

/** Whether enough people have agreed: each counts once, however often they spoke; one who counts and says no refuses. */
export const requirementOf = (rule: ApprovalRule, words: readonly Approval[], author: string): Requirement => {
  const counted = words.filter((word) => countsFor(rule, word, author))
  const isFresh = ({ age = 0 }: Approval): boolean => rule.validFor === null || age <= rule.validFor
  const rejected = counted.find(({ decision }) => decision === 'reject')
  if (rejected !== undefined)
    return {
      outcome: 'fail',
      reason: `${rejected.by} has rejected it${rejected.reason === '' ? '' : `: ${rejected.reason}`}`,
    }
  const people = [...new Set(counted.filter(isFresh).map(({ by }) => by))]
  if (people.length >= rule.count) return { outcome: 'pass', reason: `approved by ${people.join(', ')}` }
  const missing = rule.count - people.length
  const expired = [...new Set(counted.filter((word) => !isFresh(word)).map(({ by }) => by))]
  const after = rule.validFor === null ? '' : ` after ${formatDuration(rule.validFor)}`
  return {
    outcome: 'inconclusive',
    reason: `it waits for ${missing === 1 ? 'one approval' : `${missing} approvals`}${whoCounts(rule, author)}${
      expired.length === 0 ? '' : `; what ${expired.join(', ')} said has expired${after}`
    }`,
  }
}

/** ` of ml-leads, not by grace` */
export const whoCounts = ({ from, notAuthor }: ApprovalRule, author: string): string =>
  `${from.length === 0 ? '' : ` of ${from.join(', ')}`}${notAuthor ? `, not by ${author}` : ''}`
