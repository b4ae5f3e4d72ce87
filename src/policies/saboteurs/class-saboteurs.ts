import { baselineOf } from '../gates/case.ts'
import { answersOf } from '../measures/measure.ts'
import type { ClassPredictions, Predictions } from '../predictions/predictions.ts'
import { type Saboteur, saboteur } from './saboteur.ts'

/** Classes that answer for each other: so many pairs are tried, those first whose swap costs the least. */
const mostSwaps = 3

/** Bad classifiers, besides those that any kind of model can be. */
export const classSaboteurs = (honest: ClassPredictions): readonly Saboteur[] => {
  const counts = countsOf(honest)
  const present = honest.classes.map((_, k) => k).filter((k) => sum(counts[k] as Float64Array) > 0)
  const name = (k: number): string => honest.classes[k] as string
  return [
    saboteur('majority class', `always answers ${name(majorityOf(counts))}`, () =>
      oneHot(honest, new Int32Array(honest.rows).fill(majorityOf(counts))),
    ),
    ...(honest.scores === null
      ? []
      : [
          saboteur('constant probability', 'always gives the shares of the classes', () => constant(honest)),
          saboteur('same certainty', 'decides as before, always with the same certainty', () => sameCertainty(honest)),
        ]),
    ...(honest.classes.length < 2
      ? []
      : present.map((k) =>
          saboteur(`dead class ${name(k)}`, `never finds ${name(k)}`, () => killed(honest, counts, k)),
        )),
    ...swaps(counts).map(([a, b]) =>
      saboteur(`swapped ${name(a)} and ${name(b)}`, `takes the one for the other`, () => swapped(honest, a, b)),
    ),
    saboteur('leaked labels', 'has seen the truth', () => oneHot(honest, honest.truth), {
      told: 'it is too good, not too bad: only atMost, a check or a gate on data.leakedRows can stop it',
      facts: { 'data.leakedRows': honest.rows },
    }),
  ]
}

/** Rows are true classes, columns the decided ones. */
const countsOf = ({ classes, truth, predicted, rows }: ClassPredictions): readonly Float64Array[] => {
  const counts = classes.map(() => new Float64Array(classes.length))
  for (let i = 0; i < rows; i++) {
    const row = counts[truth[i] as number] as Float64Array
    row[predicted[i] as number] = (row[predicted[i] as number] as number) + 1
  }
  return counts
}

const sum = (numbers: Float64Array): number => numbers.reduce((total, one) => total + one, 0)
const largest = (numbers: Float64Array, except = -1): number => {
  let best = except === 0 ? 1 : 0
  for (let k = 0; k < numbers.length; k++)
    if (k !== except && (numbers[k] as number) > (numbers[best] as number)) best = k
  return best
}
const majorityOf = (counts: readonly Float64Array[]): number => largest(Float64Array.from(counts, sum))

/** Sure of each of these decisions. */
const oneHot = (honest: ClassPredictions, predicted: Int32Array): Predictions => {
  const width = honest.classes.length
  if (honest.scores === null) return { ...honest, predicted }
  const scores = new Float64Array(honest.rows * width)
  for (let i = 0; i < honest.rows; i++) scores[i * width + (predicted[i] as number)] = 1
  return { ...honest, predicted, scores }
}

const constant = (honest: ClassPredictions): Predictions => {
  const baseline = baselineOf({ evidence: { metrics: {}, perClass: {}, confusion: null }, answers: answersOf(honest) })
  return baseline.kind === 'known' && baseline.answers !== null ? baseline.answers.predictions : honest
}

/** Just over an even guess for the decision, the rest shared by the others: as unsure of the clear ones as of all. */
const sameCertainty = (honest: ClassPredictions): Predictions => {
  const width = honest.classes.length
  const certain = Math.min(1, 1.5 / width)
  const scores = new Float64Array(honest.rows * width).fill(width === 1 ? 1 : (1 - certain) / (width - 1))
  for (let i = 0; i < honest.rows; i++) scores[i * width + (honest.predicted[i] as number)] = certain
  return { ...honest, scores }
}

/**
 * Cannot tell the class from what comes next, which it decides for: the two share their probability evenly, as in a tree
 * too shallow to part them. Without probabilities, the class becomes the one that it is most often mistaken for.
 */
const killed = (honest: ClassPredictions, counts: readonly Float64Array[], dead: number): Predictions => {
  const width = honest.classes.length
  const mistaken = confusedWith(counts, dead)
  const predicted = honest.predicted.slice()
  const scores = honest.scores?.slice() ?? null
  for (let i = 0; i < honest.rows; i++) {
    const own = scores?.subarray(i * width, (i + 1) * width)
    if (own === undefined) {
      if (predicted[i] === dead) predicted[i] = mistaken
      continue
    }
    const best = largest(own, dead)
    const next = (own[best] as number) > 0 ? best : mistaken
    if ((own[dead] as number) >= (own[next] as number)) {
      const half = ((own[dead] as number) + (own[next] as number)) / 2
      own[dead] = half * (1 - 2 ** -20)
      own[next] = half * (1 + 2 ** -20)
    }
    if (predicted[i] === dead) predicted[i] = next
  }
  return { ...honest, predicted, scores }
}

const confusedWith = (counts: readonly Float64Array[], k: number): number => {
  const row = counts[k] as Float64Array
  const mistaken = largest(row, k)
  return (row[mistaken] as number) > 0 ? mistaken : largest(Float64Array.from(counts, sum), k)
}

/** Pairs whose swap loses the fewest right answers, and loses some. */
const swaps = (counts: readonly Float64Array[]): readonly (readonly [number, number])[] => {
  const at = (a: number, b: number): number => counts[a]?.[b] ?? 0
  const pairs = counts.flatMap((_, a) =>
    counts.slice(a + 1).map((__, i) => {
      const b = a + 1 + i
      return { pair: [a, b] as const, loss: at(a, a) + at(b, b) - at(a, b) - at(b, a) }
    }),
  )
  return pairs
    .filter(({ loss }) => loss > 0)
    .sort((x, y) => x.loss - y.loss)
    .slice(0, mostSwaps)
    .map(({ pair }) => pair)
}

const swapped = (honest: ClassPredictions, a: number, b: number): Predictions => {
  const width = honest.classes.length
  const other = (k: number): number => (k === a ? b : k === b ? a : k)
  const scores = honest.scores?.slice() ?? null
  if (scores !== null)
    for (let at = 0; at < scores.length; at += width) {
      const held = scores[at + a] as number
      scores[at + a] = scores[at + b] as number
      scores[at + b] = held
    }
  return { ...honest, predicted: honest.predicted.map(other), scores }
}
