import type { ConfusionMatrix } from '../../domain/evidence.ts'
import type { ClassPredictions } from '../predictions/predictions.ts'
import { averagePrecision } from './average-precision.ts'
import { type Area, type Influence, meanInfluence } from './influence.ts'
import { type Ranking, rank } from './ranking.ts'
import { rocArea } from './roc-area.ts'

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

export const createClassMeasures = (predictions: ClassPredictions): ClassMeasures => {
  const { rows, classes, truth, scores } = predictions
  const width = classes.length

  const ranked = remember((of: number): Ranking | null => {
    if (scores === null) return null
    const own = new Float64Array(rows)
    const positive = new Uint8Array(rows)
    for (let i = 0; i < rows; i++) {
      own[i] = scores[i * width + of] as number
      positive[i] = truth[i] === of ? 1 : 0
    }
    return rank(own, positive)
  })
  const pooled = once((): Ranking | null => {
    if (scores === null) return null
    const positive = new Uint8Array(rows * width)
    for (let i = 0; i < rows; i++) positive[i * width + (truth[i] as number)] = 1
    return rank(scores, positive, width)
  })
  const curve = (ranking: Ranking | null, area: (ranking: Ranking) => Area): Area =>
    ranking === null ? null : area(ranking)
  const mean = (of: (index: number) => Area): Area => {
    const areas = classes.map((_, index) => of(index))
    return areas.includes(null) ? null : meanInfluence(areas as Influence[], rows)
  }
  const roc = (of: number): Area => curve(ranked(of), rocArea)
  const precision = (of: number): Area => curve(ranked(of), averagePrecision)
  return {
    predictions,
    confusion: once(() => confusionOf(predictions)),
    rocArea: remember(roc),
    averagePrecision: remember(precision),
    microRocArea: once(() => curve(pooled(), rocArea)),
    microAveragePrecision: once(() => curve(pooled(), averagePrecision)),
    macroRocArea: once(() => mean(roc)),
    macroAveragePrecision: once(() => mean(precision)),
  }
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

const remember = <T>(make: (of: number) => T): ((of: number) => T) => {
  const known = new Map<number, T>()
  return (of) => {
    if (!known.has(of)) known.set(of, make(of))
    return known.get(of) as T
  }
}
