import type { GateOutcome, GateVerdict } from '../../domain/verdict.ts'
import type { ModelEvidence, ReferenceEvidence } from '../gates/case.ts'
import { type Chance, type Comparison, limitsOf, type Prepared, prepareMetricGate } from '../gates/comparisons.ts'
import { decideChecks } from '../gates/decide-checks.ts'
import { gateReason, type Judgement, outcomeOf, summarise } from '../gates/judge.ts'
import { labelledMetric } from '../language/metrics.ts'
import type { MetricGate } from '../language/policy.ts'
import { answersOf, measure } from '../measures/measure.ts'
import type { Uncertainty } from '../statistics/uncertainty.ts'
import { liveMetrics } from './live-metrics.ts'
import type { LiveModel } from './live-model.ts'

export interface LiveCase {
  readonly candidate: LiveModel
  /** What served beside it, at the same time; null where nothing did. */
  readonly champion: LiveModel | null
}

/** How much of a gate's chance of error a look may use up, of each kind: what is looked at often proves something by chance. */
export interface Level {
  readonly meets: number
  readonly misses: number
}

/**
 * Judges live gates by what two models did with their shares of the same traffic. A gate passes where it passes at the
 * level of meeting, and fails where it fails at the level of missing; too few requests are inconclusive, never either.
 */
export const judgeLive = (gates: readonly MetricGate[], judged: LiveCase, level: Level, chance: Chance): Judgement => {
  const strict = verdictsAt(gates, judged, level.meets, chance)
  const breaches = verdictsAt(gates, judged, level.misses, chance)
  return summarise(
    strict.map((verdict, i) => {
      const breach = breaches[i] as GateVerdict
      return breach.outcome === 'fail' || verdict.outcome === 'fail' ? breach : verdict
    }),
  )
}

const verdictsAt = (
  gates: readonly MetricGate[],
  judged: LiveCase,
  share: number,
  chance: Chance,
): readonly GateVerdict[] => {
  const asked = gates.map((gate) =>
    gate.confidence === null ? gate : { ...gate, confidence: 1 - (1 - gate.confidence) * share },
  )
  const prepared = asked.map((gate) => ({ advisory: gate.advisory, checks: prepareLive(gate, judged, chance) }))
  return decideChecks(prepared).map((decided, i) => {
    const { name, advisory } = gates[i] as MetricGate
    const outcome = outcomeOf(decided.map(({ check }) => check.outcome))
    const checks = decided.map(({ check }) => check)
    return { gate: name, advisory, outcome, reason: gateReason(outcome, decided), checks }
  })
}

const prepareLive = (gate: MetricGate, judged: LiveCase, chance: Chance): readonly Prepared[] =>
  labelledMetric(gate.metric) === undefined ? prepareTraffic(gate, judged) : prepareLabelled(gate, judged, chance)

/** Of requests, errors, latencies and answers without labels. */
const prepareTraffic = (gate: MetricGate, { candidate, champion }: LiveCase): readonly Prepared[] => {
  const { metric, minExamples, confidence, change } = gate
  const own = metric.slice('live.'.length)
  const { requests } = candidate
  const all = (outcome: GateOutcome, reason: string): readonly Prepared[] =>
    limitsOf(gate).map((limit) => ({
      settled: true,
      metric,
      of: null,
      slice: null,
      examples: requests,
      limit,
      outcome,
      reason,
    }))
  if (own === 'requests' && requests < (gate.atLeast ?? 0))
    return all(
      'inconclusive',
      `it was given ${requests} requests, ${(gate.atLeast ?? 0) - requests} fewer than are asked`,
    )
  if (own !== 'requests' && requests < minExamples)
    return all('inconclusive', `${metric} is known of ${requests} requests only, of ${minExamples} that are asked`)
  const value = liveMetrics(candidate, champion)[own]
  const compares = gate.against !== null || own === 'predictionShift'
  if (compares && champion === null) return all('skipped', 'skipped: nothing served beside it')
  if (value === undefined) return all('inconclusive', `${metric} cannot be told: ${whyUnknown(own, candidate)}`)
  const base = { metric, of: null, slice: null, examples: requests, confidence }
  if (gate.against === null || champion === null)
    return limitsOf(gate).map((limit) => ({
      ...base,
      limit,
      value,
      change: null,
      uncertainty: confidence === null ? null : errorShare(candidate),
    }))
  if (champion.requests < minExamples)
    return all('inconclusive', `the champion was given ${champion.requests} requests, of ${minExamples} that are asked`)
  const before = liveMetrics(champion, null)[own]
  if (before === undefined)
    return all('inconclusive', `${metric} of the champion cannot be told: ${whyUnknown(own, champion)}`)
  if (change === 'relative' && before === 0)
    return all('inconclusive', `a relative change of ${metric} is not defined: it is 0 with the champion`)
  const difference = change === 'relative' ? (value - before) / before : value - before
  if (confidence !== null && change === 'relative')
    return all('inconclusive', `nothing tells how sure a relative change of ${metric} is: ask for an absolute one`)
  return limitsOf(gate).map((limit) => ({
    ...base,
    limit,
    value: difference,
    change: { kind: change, against: 'champion', candidate: value, reference: before },
    uncertainty: confidence === null ? null : errorDifference(candidate, champion),
  }))
}

const whyUnknown = (metric: string, { errors, requests }: LiveModel): string => {
  if (metric === 'predictionShift') return 'no answers of both are logged'
  if (errors === null && metric === 'errorRate') return 'where it serves, only requests that were answered are logged'
  return requests === 0 || errors === requests ? 'nothing was answered' : 'it is not logged where it serves'
}

const errorShare = ({ errors, requests }: LiveModel): Uncertainty => ({
  kind: 'proportion',
  method: 'Wilson',
  hits: errors ?? 0,
  total: requests,
})

/**
 * The difference of two shares of different requests, one hit and one miss added to each (Agresti and Caffo, "Simple and
 * effective confidence intervals for proportions and differences of proportions", 2000).
 */
const errorDifference = (candidate: LiveModel, champion: LiveModel): Uncertainty => {
  const of = ({ errors, requests }: LiveModel) => {
    const share = ((errors ?? 0) + 1) / (requests + 2)
    return { share, variance: (share * (1 - share)) / (requests + 2) }
  }
  const [a, b] = [of(candidate), of(champion)]
  return {
    kind: 'normal',
    method: 'Agresti–Caffo',
    value: a.share - b.share,
    standardError: Math.sqrt(a.variance + b.variance),
  }
}

/** Of answers whose labels became known: the measures of any other table of answers, drawn apart for the two models. */
const prepareLabelled = (gate: MetricGate, { candidate, champion }: LiveCase, chance: Chance): readonly Prepared[] => {
  const metric = labelledMetric(gate.metric) as string
  const rows = candidate.labelled?.rows ?? 0
  const all = (outcome: GateOutcome, reason: string): readonly Prepared[] =>
    limitsOf(gate).map((limit) => ({
      settled: true,
      metric: gate.metric,
      of: null,
      slice: null,
      examples: rows,
      limit,
      outcome,
      reason,
    }))
  if (candidate.labelled === null || rows < gate.minExamples)
    return all(
      'inconclusive',
      `${gate.metric}: labels of ${rows} answers are known, of ${gate.minExamples} that are asked`,
    )
  if (gate.against !== null && champion === null) return all('skipped', 'skipped: nothing served beside it')
  const known = champion?.labelled?.rows ?? 0
  if (gate.against !== null && known < gate.minExamples)
    return all(
      'inconclusive',
      `labels of ${known} answers of the champion are known, of ${gate.minExamples} that are asked`,
    )
  const references = champion === null ? {} : { champion: statedOf(champion, metric) }
  const own: ModelEvidence = { evidence: nothingStated, answers: answersOf(candidate.labelled) }
  const case_ = { candidate: own, references, checks: {}, approvals: [], author: '' }
  // How few examples are too few was said above, of all of them.
  return prepareMetricGate({ ...gate, metric, minExamples: 1 }, case_, chance).map((prepared, _i, checks) => ({
    ...('settled' in prepared ? prepared : { ...prepared, uncertainty: beyondResamples(prepared, checks.length) }),
    metric: gate.metric,
  }))
}

/** A bound with fewer resamples beyond it is chance. */
const fewestBeyond = 10

/**
 * The more often a step is looked at, the more each look has to prove, and what is asked soon lies beyond what resamples
 * can show: then nothing would be proved of a candidate that is always wrong. There their spread tells, taken as normal.
 */
const beyondResamples = ({ confidence, uncertainty }: Comparison, checks: number): Uncertainty | null => {
  if (uncertainty?.kind !== 'resampled' || confidence === null) return uncertainty
  const { sorted, value, method } = uncertainty
  if ((sorted.length * (1 - confidence)) / checks >= fewestBeyond) return uncertainty
  const mean = sorted.reduce((sum, one) => sum + one, 0) / sorted.length
  const variance = sorted.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (sorted.length - 1)
  // Resamples that are all the same tell nothing of their tails.
  if (!(variance > 0)) return uncertainty
  return { kind: 'normal', method: `${method}, normal beyond its resamples`, value, standardError: Math.sqrt(variance) }
}

const nothingStated = { metrics: {}, perClass: {}, confusion: null } as const

/** The champion answered other requests, so its numbers and counts are compared, and never its answers one by one. */
const statedOf = ({ labelled }: LiveModel, metric: string): ReferenceEvidence => {
  if (labelled === null) return { kind: 'unknown', reason: 'no labels of its answers are known' }
  const answers = answersOf(labelled)
  const whole = measure(answers, { metric, of: null })
  const confusion = answers.kind === 'classification' ? answers.measures.confusion() : null
  const perClass = (confusion?.labels ?? []).flatMap((of) => {
    const value = measure(answers, { metric, of })
    return value === undefined ? [] : [[of, value] as const]
  })
  return {
    kind: 'known',
    answers: null,
    evidence: {
      metrics: whole === undefined ? {} : { [metric]: whole },
      perClass: { [metric]: Object.fromEntries(perClass) },
      confusion,
    },
  }
}
