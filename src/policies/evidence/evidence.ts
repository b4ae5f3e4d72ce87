import { digestJson } from '../../domain/digest.ts'
import type { ConfusionMatrix, Evidence, EvidenceSource, Observation } from '../../domain/evidence.ts'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { findMetric, winnowSpelling } from '../language/metrics.ts'
import { classMetrics, confusionOf, wholeMetrics } from './confusion.ts'
import { numberOf, parsedText } from './numbers.ts'

/** Who is believed where two say different things: the registry's evaluation first, what a component logged last. */
const precedence: readonly EvidenceSource['kind'][] = [
  'ModelEvaluation',
  'system.ClassificationMetrics',
  'system.Metrics',
  'TFX',
]

type Values = Readonly<Record<string, number>>
type ByClass = Readonly<Record<string, Values>>

/**
 * What is known of a candidate, from all that its run left: numbers under Winnow's names (a pipeline's own keep theirs),
 * and everything that the confusion matrix gives. A number that a source states comes before one that is worked out of
 * the same source's matrix, and a kind of source that is believed more before the others. A metric is left out, so that
 * a gate on it fails as missing, where two sources of one kind state different numbers (which of them is about this
 * candidate cannot be told) and where the source that is believed most states no number. `sources` are in the order in
 * which they are believed.
 */
export const evidenceFrom = (observations: readonly Observation[]): Evidence => {
  const ranks = precedence.map((kind) => observations.filter((observation) => observation.source.kind === kind))
  const matrixRank = ranks.findIndex((rank) => rank.some(({ slice, metrics }) => slice === null && hasMatrix(metrics)))
  const confusion = matrixRank < 0 ? null : matrixOf(ranks[matrixRank] ?? [])

  const metrics = emptyRecord<number>()
  const perClass = emptyRecord<Record<string, number>>()
  // The least believed first: what comes later replaces it.
  for (const [rank, observed] of [...ranks.entries()].reverse()) {
    const matrix = rank === matrixRank ? confusion : null
    const { numbers, withheld } = agreedNumbers(wholeOf(observed))
    Object.assign(metrics, areaOf(observed), matrix === null ? {} : wholeMetrics(matrix), numbers)
    for (const name of withheld) delete metrics[name]
    for (const [metric, values] of Object.entries(perClassOf(observed, matrix)))
      perClass[metric] = Object.assign(perClass[metric] ?? emptyRecord<number>(), values)
  }
  const sources = uniqueSources(ranks.flat().map(({ source }) => source))
  const known = { metrics, perClass, confusion, sources }
  return { ...known, digest: digestJson(known as unknown as Json) }
}

const hasMatrix = (metrics: JsonObject): boolean => metrics['confusionMatrix'] !== undefined

const wholeOf = (observations: readonly Observation[]): readonly JsonObject[] =>
  observations.filter(({ slice }) => slice === null).map(({ metrics }) => metrics)

/** The matrix of sources of one kind; null where one of them cannot be read or they differ. */
const matrixOf = (observations: readonly Observation[]): ConfusionMatrix | null =>
  agreed(
    wholeOf(observations)
      .filter(hasMatrix)
      .map((metrics) => confusionOf(metrics['confusionMatrix'])),
  ) ?? null

/** An evaluation states its own area, of more points than it lists; a component may have logged the curve alone. */
const areaOf = (observations: readonly Observation[]): Values => {
  const curves = observations.filter(({ source, slice }) => source.kind !== 'ModelEvaluation' && slice === null)
  const areas = curves.flatMap(({ metrics }) => areaUnderRoc(metrics['confidenceMetrics']) ?? [])
  const area = agreed(areas)
  return area === undefined ? {} : { auRoc: area }
}

const perClassOf = (observations: readonly Observation[], confusion: ConfusionMatrix | null): ByClass => {
  const byClass = new Map<string, JsonObject[]>()
  for (const { slice, metrics } of observations)
    if (slice?.dimension === 'annotationSpec') byClass.set(slice.value, [...(byClass.get(slice.value) ?? []), metrics])
  const perClass = emptyRecord<Record<string, number>>()
  const put = (metric: string, label: string, value: number) => {
    perClass[metric] ??= emptyRecord<number>()
    perClass[metric][label] = value
  }
  for (const [label, slices] of byClass)
    for (const [metric, value] of Object.entries(agreedNumbers(slices).numbers))
      if (findMetric(metric)?.over !== 'whole') put(metric, label, value)
  // A slice's own precision and recall are of one class against the rest at some threshold; the matrix is of the decisions made.
  if (confusion !== null)
    for (const [metric, values] of Object.entries(classMetrics(confusion)))
      for (const [label, value] of Object.entries(values)) put(metric, label, value)
  return perClass
}

interface Stated {
  readonly numbers: Values
  /** Metrics that are named, and about which no one number is said. */
  readonly withheld: ReadonlySet<string>
}

/** The numbers of one observation under Winnow's names. */
const statedNumbers = (metrics: JsonObject): Stated => {
  const numbers = emptyRecord<number>()
  const withheld = new Set<string>()
  for (const [name, value] of Object.entries(metrics)) {
    const spelling = winnowSpelling(name)
    // A number under Winnow's own name comes before the same metric in another spelling.
    if (spelling !== undefined && metrics[spelling] !== undefined) continue
    const number = numberOf(value)
    if (number === undefined) withheld.add(spelling ?? name)
    else numbers[spelling ?? name] = number
  }
  return { numbers, withheld }
}

const agreedNumbers = (all: readonly JsonObject[]): Stated => {
  const numbers = emptyRecord<number>()
  const withheld = new Set<string>()
  for (const stated of all.map(statedNumbers)) {
    for (const name of stated.withheld) withheld.add(name)
    for (const [name, value] of Object.entries(stated.numbers)) {
      if (name in numbers && numbers[name] !== value) withheld.add(name)
      numbers[name] = value
    }
  }
  for (const name of withheld) delete numbers[name]
  return { numbers, withheld }
}

/** The one value that all of a list are, by their JSON. */
const agreed = <T>(values: readonly T[]): T | undefined =>
  new Set(values.map((value) => JSON.stringify(value))).size === 1 ? values[0] : undefined

/** Area under a ROC curve given as `[{recall, falsePositiveRate}, …]`, by trapezoids from (0, 0) to (1, 1). */
const areaUnderRoc = (value: Json | undefined): number | undefined => {
  const list = parsedText(value)
  if (!Array.isArray(list) || list.length < 2) return undefined
  const points: { readonly x: number; readonly y: number }[] = []
  for (const entry of list as readonly Json[]) {
    const x = isJsonObject(entry) ? numberOf(entry['falsePositiveRate']) : undefined
    const y = isJsonObject(entry) ? numberOf(entry['recall']) : undefined
    if (x === undefined || y === undefined || x < 0 || x > 1 || y < 0 || y > 1) return undefined
    points.push({ x, y })
  }
  points.sort((a, b) => a.x - b.x || a.y - b.y)
  let area = 0
  let last = { x: 0, y: 0 }
  for (const point of [...points, { x: 1, y: 1 }]) {
    area += ((point.x - last.x) * (point.y + last.y)) / 2
    last = point
  }
  return area
}

const uniqueSources = (sources: readonly EvidenceSource[]): readonly EvidenceSource[] => {
  const seen = new Set<string>()
  return sources.filter((source) => {
    const key = JSON.stringify([source.kind, source.name, source.task])
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** Names come from outside, so `constructor` must be as absent as any other until it is set. */
const emptyRecord = <T>(): Record<string, T> => Object.create(null) as Record<string, T>
