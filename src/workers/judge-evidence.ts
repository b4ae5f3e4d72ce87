import { isFault } from '../domain/errors.ts'
import type { ModelVersion, Observation } from '../domain/evidence.ts'
import type { ModelRegistry, Store } from '../domain/ports.ts'
import type { Run } from '../domain/run.ts'

export interface EvidencePorts {
  readonly store: Store
  /** The target of that name, undefined where the config has none. */
  readonly target: (name: string) => Pick<ModelRegistry, 'candidate' | 'observations'> | undefined
}

/** What is known of what a run made. */
export interface Known {
  readonly candidate: ModelVersion | undefined
  readonly observations: readonly Observation[]
  /** Why there is no candidate. */
  readonly missing: string
}

export const readEvidence = async (ports: EvidencePorts, run: Run, signal: AbortSignal): Promise<Known> => {
  const none = (missing: string): Known => ({ candidate: undefined, observations: [], missing })
  const made = run.reusedRun === null ? run : await ports.store.get('run', run.reusedRun)
  const target = ports.target(run.target)
  if (made === undefined) return none(`run ${run.reusedRun}, which it stands for, is not there`)
  if (target === undefined) return none(`the config names no target ${run.target}`)
  try {
    const candidate = await target.candidate(made.tasks, signal)
    const observations = await target.observations(made.tasks, candidate, signal)
    return { candidate, observations, missing: 'the run made no model' }
  } catch (error) {
    if (!isFault(error) || error.retryable) throw error
    return none(error.message)
  }
}
