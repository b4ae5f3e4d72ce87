import type { PipelineDeclaration } from '../../declarations/winnow-yaml.ts'
import type { DataObject } from '../../domain/batch.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { NewRow } from '../../domain/ports/store.ts'
import type { Time } from '../../domain/time.ts'

export interface RunWish {
  readonly change: number
  readonly repository: string
  readonly commit: string
  readonly target: string
  readonly mode: 'run' | 'plan'
  readonly batch?: number
  readonly manifest?: readonly DataObject[]
  readonly manifestFile?: string | null
  /** Beside what the pipeline declares. */
  readonly parameters?: JsonObject
  /** What it is for, where an equal run is not to stand for it. */
  readonly occasion?: string
}

/** The row of a run that a trigger wants. */
export const newRun = (pipeline: PipelineDeclaration, wish: RunWish, at: Time): NewRow<'run'> => ({
  change: wish.change,
  batch: wish.batch ?? null,
  repository: wish.repository,
  commit: wish.commit,
  pipeline: pipeline.name,
  source: pipeline.source,
  parameters: { ...pipeline.parameters, ...wish.parameters },
  manifest: wish.manifest ?? [],
  manifestFile: wish.manifestFile ?? null,
  target: wish.target,
  model: pipeline.model,
  policy: pipeline.policy,
  mode: wish.mode,
  attempt: 1,
  concurrency: pipeline.concurrency,
  ...(wish.occasion === undefined ? {} : { occasion: wish.occasion }),
  ...untouched(at),
})

/** The columns of a run that nothing has happened to yet. */
export const untouched = (at: Time) =>
  ({
    state: 'wanted',
    reason: '',
    details: [],
    build: null,
    identity: null,
    jobId: null,
    reusedRun: null,
    tasks: [],
    cancelRequested: false,
    keptBack: false,
    givenTo: null,
    changedData: null,
    createdAt: at,
    launchedAt: null,
    endedAt: null,
    nextAt: at,
    failures: 0,
  }) as const satisfies Partial<NewRow<'run'>>
