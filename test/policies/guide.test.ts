import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { formatFault } from '../../src/declarations/placed-fault.ts'
import { judge } from '../../src/policies/gates/judge.ts'
import { sideBySide } from '../../src/policies/gates/side-by-side.ts'
import { findMetric, metricNames } from '../../src/policies/language/metrics.ts'
import { parsePolicy } from '../../src/policies/language/parse-policy.ts'
import { mismatchesOf, mismatchText } from '../../src/policies/test-cases/case-result.ts'
import { parseTestCases } from '../../src/policies/test-cases/parse-test-cases.ts'

const guide = readFileSync(new URL('../../docs/policies.md', import.meta.url), 'utf8')
const blocks = [...guide.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text]) => text as string)
const withKey = (key: string): readonly string[] => blocks.filter((text) => parse(text)?.[key] !== undefined)

const policyOf = (text: string) => {
  const parsed = parsePolicy(text, 'docs/policies.md')
  if (!parsed.ok) throw new Error(parsed.faults.map(formatFault).join('\n'))
  return parsed.value
}

it('every policy and gate set of the guide can be read', () => {
  const policies = withKey('model')
  expect(policies.length).toBeGreaterThan(4)
  for (const text of policies) expect(policyOf(text).gates.length).toBeGreaterThan(0)
  const sets = withKey('gates').filter((text) => parse(text).model === undefined)
  expect(sets.length).toBeGreaterThan(0)
  for (const text of sets) {
    const parsed = parsePolicy('version: 1\nmodel: m\nuse: [set.yaml]\n', 'p.yaml', {
      files: new Map([['set.yaml', text]]),
    })
    expect(parsed.ok ? [] : parsed.faults.map(formatFault)).toEqual([])
  }
})

it('the cases of the guide come out as they expect of its first policy', () => {
  const policy = policyOf(withKey('model')[0] as string)
  const [text = ''] = withKey('cases')
  const parsed = parseTestCases(text, 'docs/policies.md', policy, () => true)
  if (!parsed.ok) throw new Error(parsed.faults.map(formatFault).join('\n'))
  expect(parsed.value).toHaveLength(3)
  for (const tested of parsed.value) {
    const stated = (model: typeof tested.candidate) => ({ evidence: model.evidence, predictions: null })
    const references = Object.entries(tested.references).map(([name, one]) => [
      name,
      one.kind === 'known' ? { kind: one.kind, ...stated(one) } : one,
    ])
    const laid = sideBySide(stated(tested.candidate), Object.fromEntries(references))
    const checks = { 'clean data': { ok: true, value: true } } as const
    const judged = judge(policy, { ...laid, checks, approvals: [], author: '' })
    expect(mismatchesOf(tested, judged).map(mismatchText)).toEqual([])
  }
})

it('the guide has every metric, and no other', () => {
  const rows = [...guide.matchAll(/^\| `([\w.]+)` \| (higher|lower) \|/gm)].map(([, name, better]) => ({
    name,
    better,
  }))
  expect(rows).toEqual(metricNames.map((name) => ({ name, better: findMetric(name)?.better })))
})
