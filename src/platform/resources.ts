import type { Json, JsonObject } from '../domain/json.ts'
import type { Status } from './status.ts'

/**
 * The resources of Vertex AI's v1 API as this platform keeps them, in the JSON of services.ts. Only the fields that
 * the platform itself reads are named; whatever else a client sends is kept and given back.
 */
export interface Resource extends JsonObject {
  readonly name: string
}

/** `seconds` is an int64 and so a string. */
export interface Timestamp extends JsonObject {
  readonly seconds: string
  readonly nanos: number
}

export const timestampOf = (milliseconds: number): Timestamp => ({
  seconds: String(Math.floor(milliseconds / 1_000)),
  nanos: Math.round((milliseconds % 1_000) * 1e6),
})

export type Labels = Readonly<Record<string, string>>

export type PipelineState =
  | 'PIPELINE_STATE_QUEUED'
  | 'PIPELINE_STATE_PENDING'
  | 'PIPELINE_STATE_RUNNING'
  | 'PIPELINE_STATE_SUCCEEDED'
  | 'PIPELINE_STATE_FAILED'
  | 'PIPELINE_STATE_CANCELLING'
  | 'PIPELINE_STATE_CANCELLED'
  | 'PIPELINE_STATE_PAUSED'

export type TaskState =
  | 'PENDING'
  | 'RUNNING'
  | 'SUCCEEDED'
  | 'CANCEL_PENDING'
  | 'CANCELLING'
  | 'CANCELLED'
  | 'FAILED'
  | 'SKIPPED'
  | 'NOT_TRIGGERED'

export interface Artifact extends Resource {
  readonly uri: string
  readonly displayName?: string
  readonly schemaTitle?: string
  readonly schemaVersion?: string
  readonly state?: 'PENDING' | 'LIVE'
  readonly metadata?: JsonObject
}

export interface ArtifactList extends JsonObject {
  readonly artifacts: readonly Artifact[]
}

export interface Execution extends Resource {
  readonly state: 'NEW' | 'RUNNING' | 'COMPLETE' | 'FAILED' | 'CACHED' | 'CANCELLED'
  readonly schemaTitle?: string
  /** `log_uri`, the inputs as `input:NAME`, the outputs as `output:NAME`, and why the cache was used or not. */
  readonly metadata?: JsonObject
}

/** A task, a DAG, a loop or a condition of a job. */
export interface TaskDetail extends JsonObject {
  /** An int64, unique in the job. */
  readonly taskId: string
  readonly parentTaskId?: string
  readonly taskName: string
  readonly state: TaskState
  readonly createTime?: Timestamp
  readonly startTime?: Timestamp
  readonly endTime?: Timestamp
  readonly execution?: Execution
  readonly error?: Status
  readonly pipelineTaskStatus?: readonly {
    readonly updateTime: Timestamp
    readonly state: TaskState
    readonly error?: Status
    readonly [key: string]: Json | undefined
  }[]
  readonly inputs?: Readonly<Record<string, ArtifactList>>
  readonly outputs?: Readonly<Record<string, ArtifactList>>
  /** The path of the task in the pipeline, such as `root.condition-1.deploy`. */
  readonly taskUniqueName?: string
}

export interface RuntimeConfig extends JsonObject {
  readonly gcsOutputDirectory?: string
  /** Pipelines of a schema after 2.0.0: plain JSON values. */
  readonly parameterValues?: JsonObject
  /** Pipelines of schema 2.0.0: `{intValue | doubleValue | stringValue}`; an intValue is an int64 and so a string. */
  readonly parameters?: Readonly<
    Record<string, { readonly intValue?: string; readonly doubleValue?: number; readonly stringValue?: string }>
  >
  readonly failurePolicy?: string
}

export interface PipelineJob extends Resource {
  readonly displayName?: string
  readonly state: PipelineState
  readonly createTime: Timestamp
  readonly startTime?: Timestamp
  readonly endTime?: Timestamp
  readonly updateTime: Timestamp
  readonly pipelineSpec: JsonObject
  readonly runtimeConfig: RuntimeConfig
  readonly labels?: Labels
  readonly jobDetail?: { readonly taskDetails: readonly TaskDetail[]; readonly [key: string]: Json | undefined }
  readonly error?: Status
}

export const endedStates: ReadonlySet<string> = new Set([
  'PIPELINE_STATE_SUCCEEDED',
  'PIPELINE_STATE_FAILED',
  'PIPELINE_STATE_CANCELLED',
])

/** One version of a model. `metadata.digest` is the digest of the files in artifactUri. */
export interface Model extends Resource {
  readonly versionId: string
  readonly versionAliases: readonly string[]
  readonly versionCreateTime: Timestamp
  readonly versionUpdateTime: Timestamp
  readonly createTime: Timestamp
  readonly updateTime: Timestamp
  readonly displayName?: string
  readonly artifactUri?: string
  readonly labels?: Labels
  readonly metadata?: Json
}

export interface ModelEvaluation extends Resource {
  readonly displayName?: string
  readonly metricsSchemaUri?: string
  readonly metrics?: Json
  readonly createTime: Timestamp
  readonly sliceDimensions?: readonly string[]
}

export interface ModelEvaluationSlice extends Resource {
  readonly slice?: { readonly dimension?: string; readonly value?: string; readonly [key: string]: Json | undefined }
  readonly metricsSchemaUri?: string
  readonly metrics?: Json
  readonly createTime: Timestamp
}

export interface DeployedModel extends JsonObject {
  readonly id: string
  /** Without version. */
  readonly model: string
  readonly modelVersionId: string
  readonly displayName?: string
  readonly createTime: Timestamp
}

export interface Endpoint extends Resource {
  readonly displayName?: string
  readonly deployedModels: readonly DeployedModel[]
  /** Deployed model id → percent; sums to 100, or is empty. */
  readonly trafficSplit: Readonly<Record<string, number>>
  readonly createTime: Timestamp
  readonly updateTime: Timestamp
  readonly labels?: Labels
}

export interface Dataset extends Resource {
  readonly displayName?: string
  readonly metadataSchemaUri?: string
  /** `{inputConfig: {gcsSource: {uri: [...]}} | {bigquerySource: {uri}}}` */
  readonly metadata?: Json
  readonly createTime: Timestamp
  readonly updateTime: Timestamp
  readonly labels?: Labels
}

export interface BatchPredictionJob extends Resource {
  readonly displayName?: string
  readonly model: string
  readonly modelVersionId: string
  readonly state: string
  readonly createTime: Timestamp
  readonly startTime?: Timestamp
  readonly endTime?: Timestamp
  readonly updateTime: Timestamp
  readonly error?: Status
}
