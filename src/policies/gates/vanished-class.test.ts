import { expect, it } from 'vitest'
import { parsePolicy } from '../language/parse-policy.ts'
import type { Case } from './case.ts'
import { judge } from './judge.ts'

const policyOf = (gate: string) => {
  const parsed = parsePolicy(`version: 1\nmodel: beans\ngates:\n  it: ${gate}\n`, 'beans.yaml')
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))
  return parsed.value
}

const evidence = (labels: readonly string[]) => ({
  metrics: {},
  perClass: { recall: Object.fromEntries(labels.map((label) => [label, 1])) },
  confusion: { labels, rows: labels.map((_, row) => labels.map((__, column) => (row === column ? 50 : 0))) },
})

const caseOf = (champion: Case['references'][string]): Case => ({
  candidate: { evidence: evidence(['SEKER', 'SIRA']), answers: null },
  references: { champion },
  checks: {},
  approvals: [],
  author: 'grower',
})

it('a class that the champion knows and the test rows lost is not forgotten', () => {
  const policy = policyOf('{metric: recall, each: Class, atLeast: 0.8}')
  const known = { kind: 'known', evidence: evidence(['BOMBAY', 'SEKER', 'SIRA']), answers: null } as const
  const judgement = judge(policy, caseOf(known))
  expect(judgement.outcome).toBe('inconclusive')
  expect(judgement.reason).toContain('BOMBAY')
  expect(judge(policy, caseOf({ kind: 'none', reason: 'no champion is live yet' })).outcome).toBe('pass')
})

it('data is compared where there is something to compare it with', () => {
  const policy = policyOf('{metric: data.skew, atMost: 0.2}')
  const withRows = (champion: Case['references'][string]): Case => {
    const judged = caseOf(champion)
    return { ...judged, candidate: { ...judged.candidate, evidence: { ...evidence([]), metrics: { 'data.rows': 9 } } } }
  }
  const gate = (judged: Case) => judge(policy, judged).gates[0]?.outcome
  const known = { kind: 'known', evidence: evidence([]), answers: null } as const
  expect(gate(withRows({ kind: 'none', reason: 'no champion is live yet' }))).toBe('skipped')
  expect(gate(withRows(known))).toBe('inconclusive')
  // Data that could not be read is missing, whoever serves.
  expect(gate(caseOf({ kind: 'none', reason: 'no champion is live yet' }))).toBe('fail')
})
