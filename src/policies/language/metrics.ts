import type { Unit } from './limit-text.ts'

/** What Winnow knows of a metric that a gate may ask for. */
export interface Metric {
  readonly better: 'higher' | 'lower'
  /** Values outside cannot be: a limit there is a mistake, a measured value there is no evidence. */
  readonly range: readonly [number, number]
  /** `whole`: one number; `each`: one for every class (of data: column); `both`. */
  readonly over: 'whole' | 'each' | 'both'
  readonly meaning: string
  /**
   * What it is a property of: of a model's answers, of how the exported model serves, of the data it was made from, or
   * of what it does while it serves for real.
   */
  readonly family: 'model' | 'serving' | 'data' | 'live'
  readonly unit: Unit
}

const share = [0, 1] as const
const positive = [0, Number.POSITIVE_INFINITY] as const

const metric = (
  better: Metric['better'],
  range: Metric['range'],
  over: Metric['over'],
  meaning: string,
  unit: Unit = range === share ? 'share' : 'number',
): Metric => ({ better, range, over, meaning, family: 'model', unit })

const serving = (better: Metric['better'], unit: Unit, meaning: string): Metric => ({
  ...metric(better, unit === 'share' ? share : positive, 'whole', meaning, unit),
  family: 'serving',
})
const data = (better: Metric['better'], over: Metric['over'], unit: Unit, meaning: string): Metric => ({
  ...metric(better, unit === 'share' ? share : positive, over, meaning, unit),
  family: 'data',
})

const live = (better: Metric['better'], unit: Unit, meaning: string): Metric => ({
  ...metric(better, unit === 'share' ? share : positive, 'whole', meaning, unit),
  family: 'live',
})

/** The metrics by Winnow's names. Those over classes follow scikit-learn's definitions with zero_division=0. */
const knownMetrics = {
  accuracy: metric('higher', share, 'whole', 'share of the examples that are predicted right'),
  balancedAccuracy: metric('higher', share, 'whole', 'mean recall of the classes that have examples'),
  precision: metric('higher', share, 'each', 'share of the predictions of a class that are right'),
  recall: metric('higher', share, 'each', 'share of the examples of a class that are found'),
  f1: metric('higher', share, 'each', 'harmonic mean of precision and recall of a class'),
  macroPrecision: metric('higher', share, 'whole', 'mean precision of the classes'),
  macroRecall: metric('higher', share, 'whole', 'mean recall of the classes'),
  macroF1: metric('higher', share, 'whole', 'mean F1 of the classes'),
  weightedPrecision: metric('higher', share, 'whole', 'mean precision of the classes, weighted by their examples'),
  weightedRecall: metric('higher', share, 'whole', 'mean recall of the classes, weighted by their examples'),
  weightedF1: metric('higher', share, 'whole', 'mean F1 of the classes, weighted by their examples'),
  microPrecision: metric('higher', share, 'whole', 'precision over all decisions; with one label an example, accuracy'),
  microRecall: metric('higher', share, 'whole', 'recall over all decisions; with one label an example, accuracy'),
  microF1: metric('higher', share, 'whole', 'F1 over all decisions; with one label an example it equals accuracy'),
  mcc: metric('higher', [-1, 1], 'whole', "Matthews' correlation of truth and prediction"),
  auRoc: metric('higher', share, 'both', 'area under the ROC curve, over all decisions at once or of one class'),
  auPrc: metric('higher', share, 'both', 'average precision, over all decisions at once or of one class'),
  macroAuRoc: metric('higher', share, 'whole', 'mean area under the ROC curve of the classes, each against the rest'),
  macroAuPrc: metric('higher', share, 'whole', 'mean average precision of the classes, each against the rest'),
  logLoss: metric('lower', positive, 'both', 'mean negative logarithm of the probability given to the true class'),
  brier: metric('lower', [0, 2], 'whole', 'mean squared distance of the probabilities from the truth'),
  calibrationError: metric('lower', share, 'whole', 'mean distance between the probability given and the share right'),
  rmse: metric('lower', positive, 'whole', 'root of the mean squared error'),
  mae: metric('lower', positive, 'whole', 'mean absolute error'),
  mape: metric('lower', positive, 'whole', 'mean absolute error in percent of the true value', 'percent'),
  wape: metric('lower', positive, 'whole', 'sum of absolute errors in percent of the sum of true values', 'percent'),
  rmsle: metric('lower', positive, 'whole', 'root of the mean squared error of the logarithms'),
  rSquared: metric('higher', [Number.NEGATIVE_INFINITY, 1], 'whole', 'share of the variance that is explained'),
  quantileLoss: metric('lower', positive, 'both', 'mean pinball loss of the predicted quantiles, or of one'),
  'latency.p50': serving('lower', 'milliseconds', 'time that half of the requests take at most, under load'),
  'latency.p90': serving('lower', 'milliseconds', 'time that 90 % of the requests take at most, under load'),
  'latency.p95': serving('lower', 'milliseconds', 'time that 95 % of the requests take at most, under load'),
  'latency.p99': serving('lower', 'milliseconds', 'time that 99 % of the requests take at most, under load'),
  throughput: serving('higher', 'perSecond', 'requests answered a second, under load'),
  'model.size': serving('lower', 'bytes', 'size of the exported model'),
  'model.answers': serving('higher', 'share', 'share of the sample requests that the exported model answers'),
  'data.rows': data('higher', 'whole', 'count', 'rows that the model was made from'),
  'data.changedDuringRun': data('lower', 'whole', 'count', 'objects written or deleted while the run read them'),
  'data.missing': data('lower', 'both', 'share', 'share of the cells that are empty, of all or of a column'),
  'data.duplicates': data('lower', 'whole', 'count', 'rows that repeat another one'),
  'data.leakedRows': data('lower', 'whole', 'count', 'test rows that are among the training rows'),
  'data.newCategories': data('lower', 'both', 'count', "values of text columns that the champion's data did not have"),
  'data.schemaChanges': data('lower', 'whole', 'count', "columns added, gone or of another type since the champion's"),
  'data.skew': data('lower', 'both', 'share', "distance of a column's values from the champion's training data"),
  'live.requests': live('higher', 'count', 'requests that it was given'),
  'live.errorRate': live('lower', 'share', 'share of the requests that it did not answer'),
  'live.latency.p50': live('lower', 'milliseconds', 'time that half of its answers took at most'),
  'live.latency.p90': live('lower', 'milliseconds', 'time that 90 % of its answers took at most'),
  'live.latency.p95': live('lower', 'milliseconds', 'time that 95 % of its answers took at most'),
  'live.latency.p99': live('lower', 'milliseconds', 'time that 99 % of its answers took at most'),
  'live.predictionShift': live('lower', 'share', "largest difference of its answers' distribution from the champion's"),
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof knownMetrics

/** What compares the data with that of the champion by itself, without `against`. */
export const comparesData: ReadonlySet<string> = new Set<MetricName>([
  'data.newCategories',
  'data.schemaChanges',
  'data.skew',
])

export const metricNames = Object.keys(knownMetrics) as readonly MetricName[]

const livePrefix = 'live.'

export const findMetric = (name: string): Metric | undefined => {
  if (Object.hasOwn(knownMetrics, name)) return knownMetrics[name as MetricName]
  const labelled = labelledMetric(name)
  const of: Metric | undefined = labelled === undefined ? undefined : knownMetrics[labelled]
  return of === undefined ? undefined : { ...of, family: 'live' }
}

/** `live.accuracy` → `accuracy`: a metric of answers, measured on the requests whose labels became known; else undefined. */
export const labelledMetric = (name: string): MetricName | undefined => {
  const of = name.startsWith(livePrefix) ? name.slice(livePrefix.length) : ''
  return Object.hasOwn(knownMetrics, of) && knownMetrics[of as MetricName].family === 'model'
    ? (of as MetricName)
    : undefined
}

export const isLive = (metric: string): boolean => findMetric(metric)?.family === 'live'

/** How Vertex AI and scikit-learn spell a metric that Winnow knows by another name. */
const otherSpellings: Readonly<Record<string, MetricName>> = {
  rootMeanSquaredError: 'rmse',
  meanAbsoluteError: 'mae',
  meanAbsolutePercentageError: 'mape',
  rootMeanSquaredLogError: 'rmsle',
  r2: 'rSquared',
  f1Score: 'f1',
  f1ScoreMicro: 'microF1',
  f1ScoreMacro: 'macroF1',
  auroc: 'auRoc',
  auprc: 'auPrc',
  aucRoc: 'auRoc',
  roc_auc: 'auRoc',
  average_precision: 'auPrc',
  f1_macro: 'macroF1',
  f1_micro: 'microF1',
  f1_weighted: 'weightedF1',
  precision_macro: 'macroPrecision',
  recall_macro: 'macroRecall',
  balanced_accuracy: 'balancedAccuracy',
  log_loss: 'logLoss',
  matthews_corrcoef: 'mcc',
  precision_micro: 'microPrecision',
  recall_micro: 'microRecall',
  brier_score_loss: 'brier',
  expected_calibration_error: 'calibrationError',
  ece: 'calibrationError',
  weightedAbsolutePercentageError: 'wape',
}

/** Winnow's name for another system's spelling; undefined for a name that is no such spelling. */
export const winnowSpelling = (name: string): MetricName | undefined =>
  Object.hasOwn(otherSpellings, name) ? otherSpellings[name] : undefined
