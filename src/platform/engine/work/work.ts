import type { Digest } from '../../../domain/digest.ts'
import type { TaskOutputs } from '../../../pipelines/execution.ts'
import type { NodePackages } from '../../../processes/node-packages.ts'
import type { ComponentPlatform } from '../../components/component.ts'
import type { Attempt, AttemptOptions } from '../task-attempt.ts'
import type { WarmPool } from '../warm/warm-pool.ts'
import type { RunnableOptions } from './runnable.ts'

/** What a task's outputs depend on besides its component and inputs; or why they never come from the cache. */
export type CacheBasis =
  | { readonly kind: 'environment'; readonly digest: Digest | null }
  | { readonly kind: 'never'; readonly reason: string }

/** How one task is done, whatever kind of executor it has. */
export interface Work {
  readonly run: (attempt: Attempt, signal: AbortSignal) => Promise<TaskOutputs>
  /** Asked for inside the attempt, as an environment may have to be made for the answer. */
  readonly basis: (attempt: Attempt, signal: AbortSignal) => Promise<CacheBasis>
}

export interface WorkOptions extends RunnableOptions, AttemptOptions {
  readonly platform: ComponentPlatform
  /** The label of this platform's containers, `winnow.platform=…`. */
  readonly containerLabel?: string
  readonly nodePackages: NodePackages
  /** Fork servers for Python; without them each component starts a Python of its own. */
  readonly warm?: WarmPool
}

export const neverCached =
  (reason: string): Work['basis'] =>
  async () => ({ kind: 'never', reason })
