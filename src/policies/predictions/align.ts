import { type ClassPredictions, type NumberPredictions, type Predictions, selectExamples } from './predictions.ts'

export type Aligned =
  | { readonly ok: true; readonly other: Predictions; readonly first: Predictions }
  /** Why the two cannot be laid side by side. */
  | { readonly ok: false; readonly reason: string }

/**
 * Two models' answers to the same examples in the same order: by their ids where both have them, else by position. The
 * truth must be the same in both: otherwise they were not asked the same.
 */
export const alignPredictions = (first: Predictions, other: Predictions): Aligned => {
  if (first.kind !== other.kind) return { ok: false, reason: `one predicts classes and the other numbers` }
  if (first.rows !== other.rows)
    return { ok: false, reason: `one has ${first.rows} examples and the other ${other.rows}` }
  const order = positionsOf(first.ids, other.ids)
  if (typeof order === 'string') return { ok: false, reason: order }
  const sorted = order === null ? other : selectExamples(other, order)
  const [one, two] =
    first.kind === 'classification' && sorted.kind === 'classification'
      ? withSameClasses(first, sorted)
      : [first, sorted]
  const differing = firstDifference(one, two)
  if (differing !== undefined) {
    const name = first.ids?.[differing] ?? `number ${differing + 1}`
    return { ok: false, reason: `the truth of example ${name} differs between them` }
  }
  return { ok: true, first: one, other: two }
}

/**
 * A candidate's answers and those of the models that it is compared with, each in the candidate's order. Classes that one
 * model alone knows become known to all, so all are laid beside the candidate twice.
 */
export const alignAll = (
  candidate: Predictions,
  references: Readonly<Record<string, Predictions>>,
): { readonly candidate: Predictions; readonly references: Readonly<Record<string, Aligned>> } => {
  let first = candidate
  for (const reference of Object.values(references)) {
    const aligned = alignPredictions(first, reference)
    if (aligned.ok) first = aligned.first
  }
  const laid = Object.entries(references).map(
    ([name, reference]) => [name, alignPredictions(first, reference)] as const,
  )
  return { candidate: first, references: Object.fromEntries(laid) }
}

/** For each of the first's ids its position in the other's; null where all stand in the same places, or position is all there is. */
const positionsOf = (first: readonly string[] | null, other: readonly string[] | null): Uint32Array | null | string => {
  if (first === null && other === null) return null
  if (first === null || other === null) return 'only one of them names its examples'
  // Mostly they do: what is kept of two models was laid side by side before.
  if (first.every((id, i) => id === other[i]) && new Set(first).size === first.length) return null
  const places = new Map<string, number>()
  for (const [i, id] of other.entries()) {
    if (places.has(id)) return `the example ${id} comes twice`
    places.set(id, i)
  }
  const positions = new Uint32Array(first.length)
  const seen = new Set<string>()
  for (const [i, id] of first.entries()) {
    const place = places.get(id)
    if (place === undefined) return `the example ${id} is in one only`
    if (seen.has(id)) return `the example ${id} comes twice`
    seen.add(id)
    positions[i] = place
  }
  return positions
}

const withSameClasses = (a: ClassPredictions, b: ClassPredictions): readonly [ClassPredictions, ClassPredictions] => {
  if (a.classes.length === b.classes.length && a.classes.every((name, k) => b.classes[k] === name)) return [a, b]
  const classes = [...new Set([...a.classes, ...b.classes])].sort()
  return [withClasses(a, classes), withClasses(b, classes)]
}

/** The same answers over more classes, or in another order: a class that a model does not know has probability 0. */
export const withClasses = (predictions: ClassPredictions, classes: readonly string[]): ClassPredictions => {
  const places = predictions.classes.map((name) => classes.indexOf(name))
  const move = (codes: Int32Array): Int32Array => codes.map((code) => places[code] as number)
  const { rows, scores } = predictions
  let moved: Float64Array | null = null
  if (scores !== null) {
    moved = new Float64Array(rows * classes.length)
    for (let i = 0; i < rows; i++)
      for (let k = 0; k < places.length; k++)
        moved[i * classes.length + (places[k] as number)] = scores[i * places.length + k] as number
  }
  return {
    ...predictions,
    classes,
    truth: move(predictions.truth),
    predicted: move(predictions.predicted),
    scores: moved,
  }
}

const firstDifference = (
  a: ClassPredictions | NumberPredictions,
  b: ClassPredictions | NumberPredictions,
): number | undefined => {
  for (let i = 0; i < a.rows; i++) if (a.truth[i] !== b.truth[i]) return i
  return undefined
}
