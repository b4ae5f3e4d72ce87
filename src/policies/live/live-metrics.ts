import { findMetric, metricNames } from '../language/metrics.ts'
import { answersOf, measure } from '../measures/measure.ts'
import type { Decided, LiveModel } from './live-model.ts'

/** The numbers of a model over all its requests, by the names of their metrics without `live.`. */
export const liveMetrics = (model: LiveModel, champion: LiveModel | null): Readonly<Record<string, number>> => {
  const shift = champion === null ? undefined : predictionShift(model.decided, champion.decided)
  return {
    requests: model.requests,
    ...(model.requests === 0 || model.errors === null ? {} : { errorRate: model.errors / model.requests }),
    ...percentiles(model.latencies),
    ...(shift === undefined ? {} : { predictionShift: shift }),
    ...labelledMetrics(model),
  }
}

/** Percentiles are the nearest rank: a time that was measured. */
const percentiles = (sorted: Float64Array): Readonly<Record<string, number>> =>
  sorted.length === 0
    ? {}
    : Object.fromEntries(
        [50, 90, 95, 99].map((p) => [
          `latency.p${p}`,
          sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] as number,
        ]),
      )

/** The largest difference of a class's share, or between the two distributions of a number (Kolmogorov–Smirnov). */
const predictionShift = (a: Decided | null, b: Decided | null): number | undefined => {
  if (a?.kind === 'classes' && b?.kind === 'classes') {
    const names = new Set([...Object.keys(a.counts), ...Object.keys(b.counts)])
    return Math.max(...[...names].map((name) => Math.abs(shareOf(a, name) - shareOf(b, name))))
  }
  if (a?.kind !== 'numbers' || b?.kind !== 'numbers') return undefined
  return largestGap(a.sorted, b.sorted)
}

const shareOf = ({ counts, total }: Extract<Decided, { kind: 'classes' }>, name: string): number =>
  (Object.hasOwn(counts, name) ? (counts[name] as number) : 0) / total

const largestGap = (a: Float64Array, b: Float64Array): number => {
  let [i, j, gap] = [0, 0, 0]
  while (i < a.length && j < b.length) {
    const at = Math.min(a[i] as number, b[j] as number)
    while (i < a.length && a[i] === at) i += 1
    while (j < b.length && b[j] === at) j += 1
    gap = Math.max(gap, Math.abs(i / a.length - j / b.length))
  }
  return gap
}

const wholeMetrics = metricNames.filter(
  (name) => findMetric(name)?.family === 'model' && findMetric(name)?.over !== 'each',
)

const labelledMetrics = ({ labelled }: LiveModel): Readonly<Record<string, number>> => {
  if (labelled === null) return {}
  const answers = answersOf(labelled)
  const measured = wholeMetrics.flatMap((metric) => {
    const value = measure(answers, { metric, of: null })
    return value === undefined ? [] : [[metric, value] as const]
  })
  return { labelled: labelled.rows, ...Object.fromEntries(measured) }
}
