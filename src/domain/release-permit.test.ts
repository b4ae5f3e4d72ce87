import { expect, it } from 'vitest'
import { subjectOf } from './approval.ts'
import { digestJson } from './digest.ts'
import type { Json } from './json.ts'
import type { Override } from './override.ts'
import { permitOf } from './release-permit.ts'
import type { Receipt, Verdict } from './verdict.ts'

const receipt: Receipt = {
  outcome: 'pass',
  reason: 'its one gate passed',
  gates: [],
  policy: { path: 'policy.yaml', digest: digestJson('policy'), commit: 'c'.repeat(40) },
  candidate: null,
  evidence: { metrics: {}, perClass: {}, confusion: null, sources: [], digest: digestJson('evidence') },
  irDigest: digestJson('ir'),
  manifestDigest: digestJson([]),
  winnow: '1',
}
const verdict: Verdict = { id: 7, version: 1, run: 3, state: 'pass', receipt, createdAt: 0, judgedAt: 1 }
const release = { verdict: 7, receiptDigest: digestJson(receipt as unknown as Json) }
const override: Override = {
  id: 1,
  version: 1,
  repository: 'beans',
  environment: 'dev',
  run: 3,
  verdict: 7,
  subject: subjectOf(receipt),
  person: 'olga',
  reason: 'because',
  at: 0,
  expiresAt: 100,
  state: 'given',
}
const other: Receipt = { ...receipt, evidence: { ...receipt.evidence, digest: digestJson('other evidence') } }

it.each<[string, Verdict | undefined, Override | undefined, string, RegExp]>([
  ['a pass with its receipt', verdict, undefined, 'verdict', /^$/],
  ['no verdict', undefined, undefined, 'none', /there is no verdict 7/],
  ['a verdict without a receipt', { ...verdict, receipt: null }, undefined, 'none', /there is no verdict 7/],
  ['a refusal', { ...verdict, state: 'fail' }, undefined, 'none', /verdict 7 is fail now/],
  ['too little known', { ...verdict, state: 'inconclusive' }, undefined, 'none', /is inconclusive now/],
  ['a verdict that is given again', { ...verdict, state: 'pending' }, undefined, 'wait', /being given again/],
  ['a pass by another receipt', { ...verdict, receipt: other }, undefined, 'none', /by another receipt/],
  ['an override of a refusal', { ...verdict, state: 'fail' }, override, 'override', /^$/],
  ['an override in its last millisecond', verdict, { ...override, expiresAt: 51 }, 'override', /^$/],
  ['an override that has just expired', verdict, { ...override, expiresAt: 50 }, 'none', /expired at 1970-/],
  ['an override of other evidence', { ...verdict, receipt: other }, override, 'none', /about another candidate/],
])('%s permits a release as it should', (_name, given, by, kind, reason) => {
  const permit = permitOf(release, given, by, 50)
  expect(permit.kind).toBe(kind)
  expect('reason' in permit ? permit.reason : '').toMatch(reason)
})
