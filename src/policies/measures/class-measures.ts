import type { ConfusionMatrix } from '../../domain/evidence.ts'
import type { ClassPredictions } from '../predictions/predictions.ts'
import { sortedOrder } from '../statistics/sorted-order.ts'
import { type Area, type Influence, meanInfluence } from './influence.ts'
import { averagePrecision, rocArea } from './roc-area.ts'

/** What is worked out once for the predictions of a classifier, and asked for by many gates. */
export interface ClassMeasures {
  readonly predictions: ClassPredictions
  readonly confusion: () => ConfusionMatrix
  /** Of one class against the rest; by its index. */
  readonly rocArea: (of: number) => Area
  readonly averagePrecision: (of: number) => Area
  /** Over all decisions of all classes at once: each example has one right and `classes − 1` wrong ones. */
  readonly microRocArea: () => Area
  readonly microAveragePrecision: () => Area
  /** The mean over the classes; the area under ROC is null where a class has no examples, as in scikit-learn. */
  readonly macroRocArea: () => Area
  readonly macroAveragePrecision: () => Area
}

type Curve = (scores: Float64Array, positive: Uint8Array, order: Uint32Array) => Area

export const createClassMeasures = (predictions: ClassPredictions): ClassMeasures => {
  const { rows, classes, truth, scores } = predictions
  const width = classes.length

  const ofClass = (of: number): { scores: Float64Array; positive: Uint8Array; order: Uint32Array } | null => {
    if (scores === null) return null
    const own = new Float64Array(rows)
    const positive = new Uint8Array(rows)
    for (let i = 0; i < rows; i++) {
      own[i] = scores[i * width + of] as number
      positive[i] = truth[i] === of ? 1 : 0
    }
    return { scores: own, positive, order: sortedOrder(own) }
  }
  // Orders are large: they are made again rather than kept, the results are kept.
  const both = remember(String, (of: number) => {
    const column = ofClass(of)
    if (column === null) return { roc: null, precision: null }
    return {
      roc: rocArea(column.scores, column.positive, column.order),
      precision: averagePrecision(column.scores, column.positive, column.order),
    }
  })
  const micro = once(() => {
    if (scores === null) return { roc: null, precision: null }
    const positive = new Uint8Array(rows * width)
    for (let i = 0; i < rows; i++) positive[i * width + (truth[i] as number)] = 1
    const order = sortedOrder(scores)
    const pooled = (curve: Curve): Area => byExample(curve(scores, positive, order), rows, width)
    return { roc: pooled(rocArea), precision: pooled(averagePrecision) }
  })
  const mean = (of: (index: number) => Area): Area => {
    const areas = classes.map((_, index) => of(index))
    return areas.includes(null) ? null : meanInfluence(areas as Influence[], rows)
  }
  const roc = (of: number): Area => both(of).roc
  const precision = (of: number): Area => both(of).precision
  return {
    predictions,
    confusion: once(() => confusionOf(predictions)),
    rocArea: roc,
    averagePrecision: precision,
    microRocArea: () => micro().roc,
    microAveragePrecision: () => micro().precision,
    macroRocArea: once(() => mean(roc)),
    macroAveragePrecision: once(() => mean(precision)),
  }
}

/** Decisions about one example hang together: what they say is summed before it is squared. */
const byExample = (area: Area, rows: number, width: number): Area => {
  if (area === null) return null
  const parts = new Float64Array(rows)
  for (let i = 0; i < rows; i++) {
    let sum = 0
    for (let k = 0; k < width; k++) sum += area.parts[i * width + k] as number
    parts[i] = sum
  }
  return { value: area.value, parts }
}

const confusionOf = ({ classes, truth, predicted, rows }: ClassPredictions): ConfusionMatrix => {
  const width = classes.length
  const cells = new Float64Array(width * width)
  for (let i = 0; i < rows; i++) {
    const cell = (truth[i] as number) * width + (predicted[i] as number)
    cells[cell] = (cells[cell] as number) + 1
  }
  return { labels: classes, rows: classes.map((_, row) => Array.from(cells.subarray(row * width, (row + 1) * width))) }
}

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

const remember = <A, T>(key: (of: A) => string, make: (of: A) => T): ((of: A) => T) => {
  const known = new Map<string, T>()
  return (of) => {
    const name = key(of)
    if (!known.has(name)) known.set(name, make(of))
    return known.get(name) as T
  }
}
