import type { ModelVersion } from '../evidence.ts'
import type { Json } from '../json.ts'
import type { Duration } from '../time.ts'
import type { Operation } from './operation.ts'

export interface DeployedModel {
  readonly id: string
  readonly model: string
  readonly modelVersion: string
  readonly displayName: string
}

export interface EndpointView {
  readonly name: string
  readonly displayName: string
  readonly deployed: readonly DeployedModel[]
  /** Deployed model id → percent; sums to 100, or is empty. */
  readonly split: Readonly<Record<string, number>>
}

/** How a model serves, asked one instance a request. */
export interface ServingMeasurement {
  /** Milliseconds of each request that was answered, in the order of their ends. */
  readonly latencies: Float64Array
  readonly asked: number
  /** From the first request to the last answer, milliseconds. */
  readonly lasted: number
  /** Why the first of those that were not answered was not. */
  readonly problem: string | null
}

export interface ServingLoad {
  readonly requests: number
  /** Requests under way at any time. */
  readonly concurrency: number
  /** No request begins later than this. */
  readonly longest: Duration
}

export interface ServingProbe {
  /**
   * Serves the version where nobody else asks it, asks `instances` in turn, and takes it down again. `key` names what is
   * made for it, so that a crash between leaves nothing that the next call with the same key does not take up.
   */
  measureServing(
    model: ModelVersion,
    instances: readonly Json[],
    load: ServingLoad,
    key: string,
    signal: AbortSignal,
  ): Promise<ServingMeasurement>
}

/** Serving of a target. Every change of traffic names the whole split. */
export interface Serving {
  findEndpoint(name: string, signal: AbortSignal): Promise<EndpointView | undefined>
  createEndpoint(name: string, signal: AbortSignal): Promise<Operation<EndpointView>>
  endpoint(resource: string, signal: AbortSignal): Promise<EndpointView | undefined>
  endpoints(signal: AbortSignal): Promise<readonly EndpointView[]>
  /** Deploys at zero traffic; the split of the others stays as it is. `key` is kept on the deployed model and found again. */
  deploy(endpoint: string, model: ModelVersion, key: string, signal: AbortSignal): Promise<Operation<DeployedModel>>
  split(endpoint: string, split: Readonly<Record<string, number>>, signal: AbortSignal): Promise<void>
  undeploy(endpoint: string, deployedModel: string, signal: AbortSignal): Promise<Operation<null>>
  predict(
    endpoint: string,
    instances: readonly Json[],
    parameters: Json,
    signal: AbortSignal,
  ): Promise<{
    readonly predictions: readonly Json[]
    readonly deployedModel: string
    /** By which labels are given later; null where the target names none. */
    readonly request: string | null
  }>
}
