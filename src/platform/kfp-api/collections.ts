import type { JsonObject } from '../../domain/json.ts'
import type { Collection, Records } from '../records.ts'

// What Kubeflow has and Vertex AI has not. Names are ids (UUIDs), times RFC 3339.

export interface ExperimentRecord {
  readonly name: string
  readonly displayName: string
  readonly description: string
  readonly createdAt: string
  readonly archived: boolean
}

export interface PipelineRecord {
  readonly name: string
  /** No two pipelines share it. */
  readonly pipelineName: string
  readonly displayName: string
  readonly description: string
  readonly createdAt: string
  readonly tags: Readonly<Record<string, string>>
}

/** Its name is `PIPELINE_ID/VERSION_ID`. */
export interface VersionRecord {
  readonly name: string
  readonly versionName: string
  readonly displayName: string
  readonly description: string
  readonly createdAt: string
  readonly codeSourceUrl: string
  readonly tags: Readonly<Record<string, string>>
  /** The pipeline spec, with the platform spec beside its members as `platformSpec`. */
  readonly ir: JsonObject
}

/** What a run is besides the pipeline job of its id, which is its name. */
export interface RunRecord {
  readonly name: string
  readonly experimentId: string
  readonly description: string
  readonly serviceAccount: string
  readonly archived: boolean
  /** `PIPELINE_ID/VERSION_ID`, '' where the run brought its own spec. */
  readonly version: string
  /** What was asked for and is left out here. */
  readonly leftOut: readonly string[]
}

/** As the API names it. */
export const storageState = (archived: boolean): string => (archived ? 'ARCHIVED' : 'AVAILABLE')

export interface KfpCollections {
  readonly experiments: Collection<ExperimentRecord>
  readonly pipelines: Collection<PipelineRecord>
  readonly versions: Collection<VersionRecord>
  readonly runs: Collection<RunRecord>
}

export const openKfpCollections = async (records: Records): Promise<KfpCollections> => ({
  experiments: await records.collection('kfpExperiments'),
  pipelines: await records.collection('kfpPipelines'),
  versions: await records.collection('kfpPipelineVersions'),
  runs: await records.collection('kfpRuns'),
})
