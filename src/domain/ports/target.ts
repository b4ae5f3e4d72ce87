import type { ModelRegistry, ModelScorer } from './models.ts'
import type { Operations } from './operation.ts'
import type { PipelineTarget } from './pipeline-target.ts'
import type { RequestLog } from './request-log.ts'
import type { Serving, ServingProbe } from './serving.ts'

/** What runs left, as files of this machine. */
export interface ArtifactFiles {
  /** The paths of the files at an address, sorted; undefined where the target's files cannot be read from here. */
  files(uri: string, signal: AbortSignal): Promise<readonly string[] | undefined>
}

export interface Target
  extends PipelineTarget,
    ModelRegistry,
    Serving,
    Operations,
    ModelScorer,
    ServingProbe,
    RequestLog,
    ArtifactFiles {}
