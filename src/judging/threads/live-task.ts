import type { Chance } from '../../policies/gates/comparisons.ts'
import type { Judgement } from '../../policies/gates/judge.ts'
import type { MetricGate } from '../../policies/language/policy.ts'
import { judgeLive, type Level, type LiveCase } from '../../policies/live/judge-live.ts'
import { liveMetrics } from '../../policies/live/live-metrics.ts'

export interface LiveTask {
  readonly gates: readonly MetricGate[]
  readonly judged: LiveCase
  readonly level: Level
  readonly chance: Chance
}

export interface LiveJudged {
  readonly judgement: Judgement
  /** The candidate's numbers, by metric without `live.`. */
  readonly metrics: Readonly<Record<string, number>>
}

/** What the thread does, and what a test may do without one. */
export const judgeLiveTask = ({ gates, judged, level, chance }: LiveTask): LiveJudged => ({
  judgement: judgeLive(gates, judged, level, chance),
  metrics: liveMetrics(judged.candidate, judged.champion),
})
