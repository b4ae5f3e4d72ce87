import type { ServingMeasurement } from '../../domain/ports/serving.ts'

/** The numbers of a measurement by the names of their metrics. Percentiles are the nearest rank: a time that was measured. */
export const servingMetrics = ({ latencies, asked, lasted }: ServingMeasurement): Readonly<Record<string, number>> => {
  if (asked === 0) return {}
  const answers = { 'model.answers': latencies.length / asked }
  if (latencies.length === 0) return answers
  const sorted = latencies.toSorted()
  const percentile = (p: number): number => sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] as number
  return {
    ...answers,
    'latency.p50': percentile(50),
    'latency.p90': percentile(90),
    'latency.p95': percentile(95),
    'latency.p99': percentile(99),
    throughput: (1_000 * latencies.length) / lasted,
  }
}
