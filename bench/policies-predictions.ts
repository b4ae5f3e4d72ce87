import { parsePolicy } from '../src/policies/language/parse-policy.ts'
import type { Policy } from '../src/policies/language/policy.ts'
import type { ClassPredictions } from '../src/policies/predictions/predictions.ts'
import { createRandom } from '../src/policies/statistics/random.ts'

const classes = ['BARBUNYA', 'BOMBAY', 'CALI', 'DERMASON', 'HOROZ', 'SEKER', 'SIRA']

/** Answers of a classifier of seven classes, right about nine times in ten. */
export const drawPredictions = (rows: number, seed: number): ClassPredictions => {
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

/** Twenty confident gates: ten on the candidate, ten on its change from the champion. */
export const twentyGates = (): Policy => {
  const gates = metrics.flatMap((metric) => {
    const [key, value, change] = lower.has(metric) ? ['atMost', 1, 0.001] : ['atLeast', 0.5, -0.001]
    return [
      `  ${metric}: {metric: ${metric}, ${key}: ${value}, confidence: 0.95}`,
      `  ${metric} holds: {metric: ${metric}, against: champion, ${key}: ${change}, confidence: 0.95}`,
    ]
  })
  const parsed = parsePolicy(`version: 1\nmodel: beans\nresamples: 2000\ngates:\n${gates.join('\n')}\n`, 'policy.yaml')
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))
  return parsed.value
}
