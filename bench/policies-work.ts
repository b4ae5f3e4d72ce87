import { performance } from 'node:perf_hooks'
import type { Case } from '../src/policies/case.ts'
import { judge } from '../src/policies/judge.ts'
import { answersOf } from '../src/policies/measures/measure.ts'
import { parsePolicy } from '../src/policies/parse-policy.ts'
import type { ClassPredictions } from '../src/policies/predictions/predictions.ts'
import { createRandom } from '../src/policies/statistics/random.ts'

// A process of its own, so that its memory is that of judging alone: node policies-work.ts EXAMPLES; prints JSON.

const classes = ['BARBUNYA', 'BOMBAY', 'CALI', 'DERMASON', 'HOROZ', 'SEKER', 'SIRA']

/** A classifier of seven classes, right about nine times in ten. */
const draw = (rows: number, seed: number): ClassPredictions => {
  const random = createRandom(seed)
  const truthChance = createRandom(1)
  const width = classes.length
  const truth = new Int32Array(rows)
  const predicted = new Int32Array(rows)
  const scores = new Float64Array(rows * width)
  for (let i = 0; i < rows; i++) {
    truth[i] = truthChance.below(width)
    let total = 0
    let best = 0
    for (let k = 0; k < width; k++) {
      const raw = Math.exp(4 * random.uniform() + (truth[i] === k ? 3.2 : 0))
      scores[i * width + k] = raw
      total += raw
      if (raw > (scores[i * width + best] as number)) best = k
    }
    for (let k = 0; k < width; k++) scores[i * width + k] = (scores[i * width + k] as number) / total
    predicted[i] = best
  }
  return { kind: 'classification', rows, ids: null, columns: {}, classes, truth, predicted, scores }
}

const metrics = [
  'accuracy',
  'macroF1',
  'weightedF1',
  'mcc',
  'macroAuRoc',
  'auRoc',
  'brier',
  'calibrationError',
  'logLoss',
  'balancedAccuracy',
]
const lower = new Set(['brier', 'calibrationError', 'logLoss'])
const gates = metrics.flatMap((metric) => {
  const [key, value, change] = lower.has(metric) ? ['atMost', 1, 0.001] : ['atLeast', 0.5, -0.001]
  return [
    `  ${metric}: {metric: ${metric}, ${key}: ${value}, confidence: 0.95}`,
    `  ${metric} holds: {metric: ${metric}, against: champion, ${key}: ${change}, confidence: 0.95}`,
  ]
})
const parsed = parsePolicy(`version: 1\nmodel: beans\nresamples: 2000\ngates:\n${gates.join('\n')}\n`, 'policy.yaml')
if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))

const rows = Number(process.argv[2] ?? 1_000_000)
const [candidate, champion] = [answersOf(draw(rows, 2)), answersOf(draw(rows, 3))]
const stated = { metrics: {}, perClass: {}, confusion: null }
const judged: Case = {
  candidate: { evidence: stated, answers: candidate },
  references: { champion: { kind: 'known', evidence: stated, answers: champion } },
  checks: {},
  approvals: [],
  author: 'bench',
}
const begun = performance.now()
const { outcome, gates: verdicts } = judge(parsed.value, judged)
const took = performance.now() - begun
if (verdicts.length !== 20) throw new Error(`${verdicts.length} gates`)
console.log(JSON.stringify({ milliseconds: took, outcome, peakMegabytes: process.resourceUsage().maxRSS / 1024 }))
