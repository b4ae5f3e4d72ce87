import type { Argument } from './component.ts'
import type { Exit } from './exit-handler.ts'
import type { IntegerType, Outputs, References, StringType } from './types.ts'

type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never
/** Not `never`, which would fit everywhere. */
interface NotOne {
  readonly 'this task has not just one output': 'say which: .outputs.NAME'
}
type Only<O> = [keyof O] extends [never] ? NotOne : true extends IsUnion<keyof O> ? NotOne : References<O>[keyof O]

export interface Resources {
  /** Cores, such as `0.5`, `2` or `500m`. */
  readonly cpu?: Argument<StringType>
  readonly cpuRequest?: Argument<StringType>
  /** Bytes, such as `512Mi` or `4G`. */
  readonly memory?: Argument<StringType>
  readonly memoryRequest?: Argument<StringType>
  /** Such as `NVIDIA_TESLA_T4`. */
  readonly accelerator?: { readonly type: Argument<StringType>; readonly count: Argument<IntegerType> }
}

export interface Retry {
  readonly attempts: number
  /** Seconds before the first new attempt; 0 where it is left out. */
  readonly backoffSeconds?: number
  /** What each further wait is multiplied with; 2 where it is left out. */
  readonly backoffFactor?: number
  /** No wait is longer than this many seconds; 3600 where it is left out. */
  readonly longestBackoffSeconds?: number
}

/** One use of a component in a pipeline. Each setting gives the task back, so that they can follow each other. */
export interface Task<O extends Outputs = any> {
  readonly outputs: References<O>
  /** The output of a component that has just one. */
  readonly output: Only<O>
  /** Starts after these have ended, though it takes nothing from them. */
  after(...others: readonly (Task | Exit)[]): Task<O>
  displayName(name: string): Task<O>
  /** False: always run it. With a key, runs with the same key share results. */
  caching(enabled: boolean, options?: { readonly key?: string }): Task<O>
  retry(policy: Retry): Task<O>
  /** Limits, and what is asked for at least. */
  resources(wanted: Resources): Task<O>
  env(variables: Readonly<Record<string, string>>): Task<O>
  /** Runs whatever became of what it waits for; its inputs from there need defaults. */
  ignoreUpstreamFailure(): Task<O>
}
