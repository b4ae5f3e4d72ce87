import fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatFault } from '../../declarations/placed-fault.ts'
import { judge, judgePrepared } from '../../policies/gates/judge.ts'
import { parsePolicy } from '../../policies/language/parse-policy.ts'
import { answersOf } from '../../policies/measures/measure.ts'
import type { ClassPredictions, NumberPredictions, Predictions } from '../../policies/predictions/predictions.ts'
import { createRandom } from '../../policies/statistics/random.ts'
import { prepareGates } from './prepare-gates.ts'

const policyOf = (gates: string) => {
  const parsed = parsePolicy(`version: 1\nmodel: m\nresamples: 200\ngates:\n${gates}`, 'p.yaml')
  if (!parsed.ok) throw new Error(parsed.faults.map(formatFault).join('\n'))
  return parsed.value
}

const classifying = policyOf(`  f1: {metric: macroF1, atLeast: 0.6, confidence: 0.9}
  by region: {metric: auRoc, atLeast: 0.7, confidence: 0.95, slices: region, minExamples: 3}
  each: {metric: auRoc, each: kind, atLeast: 0.5, confidence: 0.9, minExamples: 1}
  areas: {metric: macroAuRoc, against: champion, atLeast: -0.1, confidence: 0.9}
  precise: {metric: auPrc, atLeast: 0.2, confidence: 0.9}
  better: {metric: logLoss, against: champion, atMost: 0.05, confidence: 0.9}
  beats: {metric: accuracy, against: baseline, atLeast: 0.05, confidence: 0.8}
  fresh: {metric: accuracy, against: m@blessed, atLeast: 0}
  told: {check: "metrics.accuracy > 0.5"}
  someone: {require: {count: 1}}
`)
const estimating = policyOf(`  error: {metric: mae, atMost: 1, confidence: 0.9}
  root: {metric: rmse, against: champion, atMost: 0.1, confidence: 0.9}
  share: {metric: rSquared, atLeast: 0.1}
`)

const classes = ['a', 'b', 'c']
const classifier = (rows: number, seed: number): ClassPredictions => {
  const random = createRandom(seed)
  const scores = Float64Array.from({ length: rows * 3 }, random.uniform)
  return {
    kind: 'classification',
    rows,
    ids: Array.from({ length: rows }, (_, i) => `example ${i}`),
    columns: { region: { values: ['north', 'south'], codes: Int32Array.from({ length: rows }, (_, i) => i % 2) } },
    classes,
    truth: Int32Array.from({ length: rows }, (_, i) => i % 3),
    predicted: Int32Array.from({ length: rows }, (_, i) => (random.uniform() < 0.7 ? i % 3 : random.below(3))),
    scores,
  }
}
const estimator = (rows: number, seed: number): NumberPredictions => {
  const random = createRandom(seed)
  const truth = Float64Array.from({ length: rows }, (_, i) => i % 7)
  const predicted = truth.map((value) => value + random.uniform())
  const quantiles = [{ quantile: 0.5, predicted: predicted.slice() }]
  return { kind: 'regression', rows, ids: null, columns: {}, truth, predicted, quantiles }
}

const stated = { metrics: {}, perClass: {}, confusion: null }
const caseOf = (first: Predictions, second: Predictions) => ({
  candidate: { evidence: stated, answers: answersOf(first) },
  references: {
    champion: { kind: 'known', evidence: stated, answers: answersOf(second) },
    'm@blessed': { kind: 'none', reason: 'nothing is blessed yet' },
  } as const,
  checks: { told: { ok: true, value: true } as const },
  approvals: [],
  author: 'grower',
})

it('comes to the same by however many threads, bit for bit, and leaves the case as it was', async () => {
  const cases = fc.record({
    rows: fc.integer({ min: 1, max: 300 }),
    seed: fc.nat(1e6),
    threads: fc.integer({ min: 1, max: 3 }),
    numbers: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(cases, async ({ rows, seed, threads, numbers }) => {
      const draw = numbers ? estimator : classifier
      const policy = numbers ? estimating : classifying
      const alone = judge(policy, caseOf(draw(rows, seed), draw(rows, seed + 1)))
      const judged = caseOf(draw(rows, seed), draw(rows, seed + 1))
      expect(judgePrepared(policy, judged, await prepareGates(policy, judged, threads))).toEqual(alone)
      expect(judged.candidate.answers.predictions).toEqual(draw(rows, seed))
    }),
    { numRuns: 8 },
  )
})
