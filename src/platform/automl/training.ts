import type { Json, JsonObject } from '../../domain/json.ts'

/** How rows are divided; fractions left undefined share what the given ones leave over. */
export type Split =
  | { readonly kind: 'fraction'; readonly training?: number; readonly validation?: number; readonly test?: number }
  | { readonly kind: 'predefined'; readonly column: string }
  | {
      readonly kind: 'timestamp'
      readonly column: string
      readonly training: number
      readonly validation: number
      readonly test: number
    }

export type FeatureType = 'auto' | 'numeric' | 'categorical'

/** What train.py reads. */
export interface TrainingRequest {
  /** CSV or JSON Lines files (also gzipped) with the same columns: absolute paths. */
  readonly files: readonly string[]
  readonly target: string
  readonly predictionType: 'classification' | 'regression'
  /** An objective of AutoML Tabular; by default minimize-log-loss (two classes: maximize-au-roc) or minimize-rmse. */
  readonly objective?: string
  readonly recallValue?: number
  readonly precisionValue?: number
  /** The columns to learn from; by default all others, each `auto`. */
  readonly columns?: Readonly<Record<string, FeatureType>>
  /**
   * 1,000 is one node hour: six candidates, and a fence of 30 s of processor time (15 s on two cores) for their
   * search. Grows in proportion, up to 96 candidates and 1,200 s. Below 16 node hours more budget is more candidates.
   */
  readonly budgetMilliNodeHours: number
  readonly split: Split
  readonly weightColumn?: string
  readonly earlyStopping: boolean
  readonly seed: number
  /** Where `model.onnx` and `winnow-model.json` are written. */
  readonly modelFolder: string
  /** Where `test-predictions.jsonl` (one line a test row), `test-rows.csv` and `training-rows.csv` are written. */
  readonly evaluationFolder: string
}

/** What train.py answers where a model came out. */
export interface TrainingResult {
  /** The content of `winnow-model.json`. */
  readonly model: JsonObject
  /** Over the test rows, with the names and shapes of Vertex AI's ModelEvaluation.metrics. */
  readonly metrics: JsonObject
  /** One for each class: `value` is its name. */
  readonly slices: readonly { readonly value: string; readonly metrics: JsonObject }[]
  readonly rows: { readonly training: number; readonly validation: number; readonly test: number }
  readonly objective: string
  readonly search: {
    readonly candidates: number
    readonly fits: number
    readonly seconds: number
    readonly stoppedBy: 'budget' | 'time' | 'early stopping'
  }
  readonly chosen: {
    readonly algorithm: string
    readonly parameters: Readonly<Record<string, Json>>
    /** Of the objective on the validation rows; higher is better. */
    readonly validationScore: number | null
  }
  /** How far the ONNX graph's predictions are from scikit-learn's on the test rows. */
  readonly parity: { readonly rows: number; readonly largestDifference: number; readonly labelDifferences: number }
  readonly predictionsFile: string
  /** CSV with all columns of the data: the test rows, and those that the model was made from. */
  readonly testRowsFile: string
  readonly trainingRowsFile: string
}

/** Metrics schemas of Vertex AI by prediction type. */
export const metricsSchemaUris = {
  classification: 'gs://google-cloud-aiplatform/schema/modelevaluation/classification_metrics_1.0.0.yaml',
  regression: 'gs://google-cloud-aiplatform/schema/modelevaluation/regression_metrics_1.0.0.yaml',
} as const
