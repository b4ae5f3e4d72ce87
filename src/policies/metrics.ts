/** What Winnow knows of a metric that a gate may ask for. */
export interface Metric {
  readonly better: 'higher' | 'lower'
  /** Values outside cannot be: a limit there is a mistake, a measured value there is no evidence. */
  readonly range: readonly [number, number]
  /** `whole`: one number over all examples; `each`: one for every class; `both`. */
  readonly over: 'whole' | 'each' | 'both'
  readonly meaning: string
}

const share = [0, 1] as const
const positive = [0, Number.POSITIVE_INFINITY] as const

const metric = (better: Metric['better'], range: Metric['range'], over: Metric['over'], meaning: string): Metric => ({
  better,
  range,
  over,
  meaning,
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
  microF1: metric('higher', share, 'whole', 'F1 over all decisions; with one label an example it equals accuracy'),
  mcc: metric('higher', [-1, 1], 'whole', "Matthews' correlation of truth and prediction"),
  auRoc: metric('higher', share, 'both', 'area under the ROC curve'),
  auPrc: metric('higher', share, 'both', 'area under the precision-recall curve'),
  logLoss: metric('lower', positive, 'both', 'mean negative logarithm of the probability given to the true class'),
  rmse: metric('lower', positive, 'whole', 'root of the mean squared error'),
  mae: metric('lower', positive, 'whole', 'mean absolute error'),
  mape: metric('lower', positive, 'whole', 'mean absolute error in percent of the true value'),
  rmsle: metric('lower', positive, 'whole', 'root of the mean squared error of the logarithms'),
  rSquared: metric('higher', [Number.NEGATIVE_INFINITY, 1], 'whole', 'share of the variance that is explained'),
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof knownMetrics

export const metricNames = Object.keys(knownMetrics) as readonly MetricName[]

export const findMetric = (name: string): Metric | undefined =>
  Object.hasOwn(knownMetrics, name) ? knownMetrics[name as MetricName] : undefined

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
}

/** Winnow's name for another system's spelling; undefined for a name that is no such spelling. */
export const winnowSpelling = (name: string): MetricName | undefined =>
  Object.hasOwn(otherSpellings, name) ? otherSpellings[name] : undefined

/** Metrics that the design names and nothing measures yet. */
export const isFutureMetric = (name: string): boolean => /^(latency|data|drift|cost)\./.test(name)
