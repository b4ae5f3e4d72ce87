import { performance } from 'node:perf_hooks'
import { judgeInThread } from '../src/judging/threads/judge-in-thread.ts'
import { drawPredictions, twentyGates } from './policies-predictions.ts'

// A process of its own, so that its memory is that of judging alone: node policies-work.ts EXAMPLES; prints JSON.

const rows = Number(process.argv[2] ?? 1_000_000)
const stated = { metrics: {}, perClass: {}, confusion: null }
const [candidate, champion] = [2, 3].map((seed) => ({ evidence: stated, predictions: drawPredictions(rows, seed) }))
if (candidate === undefined || champion === undefined) throw new Error('two models were asked for')
const judged = {
  candidate,
  references: { champion: { kind: 'known' as const, ...champion } },
  facts: { change: {}, candidate: {} },
  approvals: [],
  author: 'bench',
}
const begun = performance.now()
const { judgement } = await judgeInThread(twentyGates(), judged, { handOver: true })
const took = performance.now() - begun
if (judgement.gates.length !== 20) throw new Error(`${judgement.gates.length} gates`)
const { outcome } = judgement
console.log(JSON.stringify({ milliseconds: took, outcome, peakMegabytes: process.resourceUsage().maxRSS / 1024 }))
