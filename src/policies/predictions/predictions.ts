/**
 * A model's answers, example by example, in columns: entry i of every column is about example i. Columns are typed
 * arrays, so that a million examples take megabytes and can be handed to another thread.
 */
export type Predictions = ClassPredictions | NumberPredictions

export interface ClassPredictions extends Examples {
  readonly kind: 'classification'
  /** In a fixed order: what truth, predicted and scores count in. Classes without examples may be among them. */
  readonly classes: readonly string[]
  /** The true class of each example, an index into `classes`. */
  readonly truth: Int32Array
  /** The class that the model decided for, an index into `classes`. */
  readonly predicted: Int32Array
  /** The probability of each class, `scores[example * classes.length + class]`; null where only decisions are known. */
  readonly scores: Float64Array | null
}

export interface NumberPredictions extends Examples {
  readonly kind: 'regression'
  readonly truth: Float64Array
  readonly predicted: Float64Array
  /** Of a forecast: for each quantile, from 0 to 1, the predicted values. Empty for a plain regression. */
  readonly quantiles: readonly { readonly quantile: number; readonly predicted: Float64Array }[]
}

interface Examples {
  readonly rows: number
  /** What names an example, so that two models' answers can be laid side by side; null where nothing does. */
  readonly ids: readonly string[] | null
  /** Other columns by name: what slices are made of. */
  readonly columns: Readonly<Record<string, Column>>
}

/** A column of few distinct texts: entry i is `values[codes[i]]`. */
export interface Column {
  readonly values: readonly string[]
  readonly codes: Int32Array
}

/** Makes each column anew, of the same kind: `width` numbers of it are about one example. */
type MakeColumn = <T extends Int32Array | Float64Array>(column: T, width: number) => T

/** The same with each of its columns made anew. */
export const mapColumns = <P extends Predictions>(predictions: P, make: MakeColumn): P => {
  const own = {
    columns: Object.fromEntries(
      Object.entries(predictions.columns).map(([name, { values, codes }]) => [name, { values, codes: make(codes, 1) }]),
    ),
    truth: make(predictions.truth, 1),
    predicted: make(predictions.predicted, 1),
  }
  if (predictions.kind === 'regression') {
    const quantiles = predictions.quantiles.map((one) => ({ ...one, predicted: make(one.predicted, 1) }))
    return { ...predictions, ...own, quantiles }
  }
  const { scores, classes } = predictions
  return { ...predictions, ...own, scores: scores === null ? null : make(scores, classes.length) }
}

/** Only the examples at these positions, in this order. */
export const selectExamples = <P extends Predictions>(predictions: P, positions: Uint32Array): P => {
  const pick: MakeColumn = (column, width) => {
    const picked = new (column.constructor as new (length: number) => typeof column)(positions.length * width)
    for (let i = 0; i < positions.length; i++) {
      const from = (positions[i] as number) * width
      for (let k = 0; k < width; k++) picked[i * width + k] = column[from + k] as number
    }
    return picked
  }
  const { ids } = predictions
  return {
    ...mapColumns(predictions, pick),
    rows: positions.length,
    ids: ids === null ? null : Array.from(positions, (position) => ids[position] as string),
  }
}
