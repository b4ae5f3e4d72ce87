import { expect, it } from 'vitest'
import { digestBytes } from '../../domain/digest.ts'
import type { Observation } from '../../domain/evidence.ts'
import type { Receipt } from '../../domain/verdict.ts'
import { evidenceFrom } from '../evidence/evidence.ts'
import { judge } from '../gates/judge.ts'
import { parsePolicy } from '../language/parse-policy.ts'
import { explainGates, explainReceipt } from './explain.ts'

const policy = parsePolicy(
  `version: 1
model: beans
gates:
  good enough: {metric: macroF1, atLeast: 0.90}
  no dead class: {metric: recall, each: Class, atLeast: 0.85}
  calibrated: {metric: logLoss, atMost: 0.30}
`,
  'policies/beans.yaml',
)
if (!policy.ok) throw new Error('the fixture is wrong')

const evaluation: Observation = {
  source: { kind: 'ModelEvaluation', name: 'models/1/evaluations/2', task: 'train' },
  slice: null,
  metrics: {
    logLoss: 0.25,
    confusionMatrix: {
      annotationSpecs: [{ displayName: 'BOMBAY' }, { displayName: 'SIRA' }],
      rows: [
        [0, 20],
        [0, 80],
      ],
    },
  },
}

const receiptOf = (observations: readonly Observation[]): Receipt => {
  const evidence = evidenceFrom(observations)
  return {
    ...judge(policy.value, {
      candidate: { evidence, answers: null },
      references: {},
      checks: {},
      approvals: [],
      author: 'grower',
    }),
    policy: { path: 'policies/beans.yaml', digest: digestBytes('p'), commit: '0123456789abcdef0123' },
    candidate: {
      model: 'projects/p/locations/l/models/1',
      version: '3',
      displayName: 'beans',
      aliases: [],
      artifactUri: 'file:///m',
      digest: digestBytes('m'),
    },
    evidence,
    irDigest: digestBytes('i'),
    manifestDigest: digestBytes('d'),
    winnow: '0.1.0',
  }
}

it('tells every gate with its numbers, limits and margins in aligned columns', () => {
  const lines = explainReceipt(receiptOf([evaluation]))
  expect(lines.slice(1, 7)).toEqual([
    '',
    '        gate           metric            measured  asked    margin  interval',
    'FAILED  good enough    macroF1              0.444  >= 0.9   -0.456',
    'FAILED  no dead class  recall of BOMBAY     0.000  >= 0.85  -0.850',
    'passed                 recall of SIRA       1.000  >= 0.85  +0.150',
    'passed  calibrated     logLoss              0.250  <= 0.3   +0.050',
  ])
  expect(lines[0]).toMatch(/^fail: refused by good enough \(macroF1 is 0\.444/)
  expect(lines).toContain('policy    policies/beans.yaml at 0123456789ab (148de9c5a7a44d19)')
  expect(lines).toContain('evidence  ModelEvaluation models/1/evaluations/2 of task train')
})

it('says what is missing where there is no number', () => {
  const lines = explainReceipt(receiptOf([]))
  expect(lines).toContain('good enough: macroF1 is missing from the evidence')
  expect(lines.join('\n')).toMatch(/no dead class: no class of Class is known/)
  expect(lines).toContain('evidence  none: the run left no evaluation and no metrics')
})

it('needs no gates', () => {
  expect(explainGates({ outcome: 'inconclusive', reason: 'nothing was judged', gates: [] })).toEqual([
    'inconclusive: nothing was judged',
  ])
})
