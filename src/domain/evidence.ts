import type { Digest } from './digest.ts'
import type { JsonObject } from './json.ts'

/** A model version in a target's registry. */
export interface ModelVersion {
  /** Resource name without version, `projects/p/locations/l/models/m`. */
  readonly model: string
  readonly version: string
  readonly displayName: string
  readonly aliases: readonly string[]
  /** Where its files are, and a digest of their content where the target can tell one. */
  readonly artifactUri: string
  readonly digest: Digest | null
}

/** Rows are the true class, columns the predicted one, in the order of `labels`. */
export interface ConfusionMatrix {
  readonly labels: readonly string[]
  readonly rows: readonly (readonly number[])[]
}

/** Where a number came from. */
export interface EvidenceSource {
  readonly kind:
    | 'ModelEvaluation'
    | 'system.Metrics'
    | 'system.ClassificationMetrics'
    /** What TFX's evaluator and its checks of the serving blessed or refused. */
    | 'TFX'
    /** A table of the candidate's answers. */
    | 'predictions'
    /** Answers that Winnow asked another model for, on the same examples. */
    | 'scored'
    | 'serving'
    | 'data'
  /** Resource name or URI. */
  readonly name: string
  readonly task: string | null
  /** Of the content that was read, where it is more than what is kept here. */
  readonly digest?: Digest
  /** How it was measured, for a person. */
  readonly note?: string
}

/** A table that a run left, by what it holds: answers to test examples, the examples themselves, or training examples. */
export interface RunTable {
  readonly role: 'predictions' | 'test' | 'train'
  /** A file, or one whose last part has `*`. */
  readonly uri: string
  /** The column of the truth, where the run says so. */
  readonly label: string | null
  readonly task: string | null
  /** A task said what it is; not where the target found it beside an evaluation. */
  readonly declared: boolean
}

/** The part of the examples that an observation is about; Vertex slices by class with the dimension `annotationSpec`. */
interface Slice {
  readonly dimension: string
  readonly value: string
}

/** One raw thing that a run left: the metrics as the target holds them, before Winnow gives them its own names. */
export interface Observation {
  readonly source: EvidenceSource
  /** Null where it is about all examples. */
  readonly slice: Slice | null
  /** ModelEvaluation: Vertex's metrics (auRoc, confusionMatrix, confidenceMetrics …); else the artifact's metadata. */
  readonly metrics: JsonObject
}

/** What is known of a candidate. */
export interface Evidence {
  /** Metric name → value over all examples. Names are Winnow's (accuracy, macroF1, auRoc, logLoss, …) or the pipeline's own. */
  readonly metrics: Readonly<Record<string, number>>
  /** Metric name → class → value. */
  readonly perClass: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly confusion: ConfusionMatrix | null
  readonly sources: readonly EvidenceSource[]
  /** What the training data looked like, where a gate asked: what the next candidate's data is compared with. */
  readonly profile?: JsonObject
  /** Digest of all the above. */
  readonly digest: Digest
}
