import { performance } from 'node:perf_hooks'
import type { Case } from '../src/policies/gates/case.ts'
import { judge } from '../src/policies/gates/judge.ts'
import { answersOf } from '../src/policies/measures/measure.ts'
import { drawPredictions, twentyGates } from './policies-predictions.ts'

// A process of its own, so that its memory is that of judging alone: node policies-work.ts EXAMPLES; prints JSON.

const rows = Number(process.argv[2] ?? 1_000_000)
const [candidate, champion] = [answersOf(drawPredictions(rows, 2)), answersOf(drawPredictions(rows, 3))]
const stated = { metrics: {}, perClass: {}, confusion: null }
const judged: Case = {
  candidate: { evidence: stated, answers: candidate },
  references: { champion: { kind: 'known', evidence: stated, answers: champion } },
  checks: {},
  approvals: [],
  author: 'bench',
}
const policy = twentyGates()
const begun = performance.now()
const { outcome, gates: verdicts } = judge(policy, judged)
const took = performance.now() - begun
if (verdicts.length !== 20) throw new Error(`${verdicts.length} gates`)
console.log(JSON.stringify({ milliseconds: took, outcome, peakMegabytes: process.resourceUsage().maxRSS / 1024 }))
