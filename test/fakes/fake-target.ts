import { isAbsolute } from 'node:path'
import { Fault } from '../../src/domain/errors.ts'
import type { ModelVersion, Observation, RunTable } from '../../src/domain/evidence.ts'
import type { ScoreRequest } from '../../src/domain/ports/models.ts'
import type { JobView, LaunchRequest } from '../../src/domain/ports/pipeline-target.ts'
import type { DeployedModel, EndpointView, ServingMeasurement } from '../../src/domain/ports/serving.ts'
import type { Target } from '../../src/domain/ports/target.ts'

export interface FakeEndpoint {
  name: string
  displayName: string
  deployed: DeployedModel[]
  split: Record<string, number>
}

export interface FakeTargetState {
  readonly jobs: Map<string, { request: LaunchRequest; view: JobView }>
  readonly versions: ModelVersion[]
  readonly endpoints: Map<string, FakeEndpoint>
  readonly operations: Map<string, { looksLeft: number; work: () => void; done: boolean; error: string | null }>
  readonly calls: string[]
  observations: readonly Observation[]
  candidate: ModelVersion | undefined
  tables: readonly RunTable[]
  /** Every batch that was started, by its key. */
  readonly batches: Map<string, { request: ScoreRequest; looksLeft: number }>
  /** The file of a model's answers, or why it gives none. */
  answers: (request: ScoreRequest) => { uri: string } | { reason: string }
  measurement: ServingMeasurement
  /** What an endpoint was asked since then. */
  requests: (endpoint: string, since: number) => Awaited<ReturnType<Target['requests']>>
}

/** What may go wrong at a call: before it was carried out, or after (the answer is lost). */
export type FaultInjection = (method: string) => 'fine' | 'unavailable' | 'lostAnswer' | 'refused' | 'operationFails'

/**
 * A target in memory that keeps Vertex AI's rules: a split sums to 100 or is empty and names deployed models only,
 * nothing with traffic is undeployed, long-running operations end after `looks` looks at them.
 */
export const createFakeTarget = (options: { inject?: FaultInjection; looks?: number } = {}) => {
  const state: FakeTargetState = {
    jobs: new Map(),
    versions: [],
    endpoints: new Map(),
    operations: new Map(),
    calls: [],
    observations: [],
    candidate: undefined,
    tables: [],
    batches: new Map(),
    answers: () => ({ reason: 'the fake has no answers' }),
    measurement: { latencies: Float64Array.of(1, 2, 3, 4), asked: 4, lasted: 10, problem: null },
    requests: () => ({ ok: true, requests: [] }),
  }
  let count = 0
  const inject = options.inject ?? (() => 'fine')
  const unavailable = (method: string) =>
    new Fault('target_unavailable', `${method} got no answer: injected`, { retryable: true })

  const call = async <T>(method: string, work: (fate: ReturnType<FaultInjection>) => T): Promise<T> => {
    state.calls.push(method)
    const fate = inject(method)
    if (fate === 'unavailable') throw unavailable(method)
    if (fate === 'refused') throw new Fault('target_refused', `${method} was refused: injected`)
    const result = work(fate)
    if (fate === 'lostAnswer') throw unavailable(method)
    return result
  }
  const start = (fate: ReturnType<FaultInjection>, work: () => void) => {
    const name = `operations/${++count}`
    const failed = fate === 'operationFails'
    state.operations.set(name, {
      looksLeft: options.looks ?? 1,
      work: failed ? () => {} : work,
      done: false,
      error: failed ? 'injected failure of the operation' : null,
    })
    return { done: false as const, name }
  }
  const settle = (operation: { work: () => void; done: boolean; error: string | null }) => {
    if (operation.done) return
    operation.done = true
    try {
      operation.work()
    } catch (error) {
      operation.error = (error as Error).message
    }
  }
  const endpointOf = (name: string): FakeEndpoint => {
    const endpoint = state.endpoints.get(name)
    if (endpoint === undefined) throw new Fault('target_refused', `${name} does not exist`)
    return endpoint
  }
  const viewOf = (endpoint: FakeEndpoint): EndpointView => structuredClone(endpoint)

  const target: Target = {
    launch: (request) =>
      call('launch', () => {
        if (state.jobs.has(request.jobId)) return
        state.jobs.set(request.jobId, { request, view: { state: 'running', error: null, details: [], tasks: [] } })
      }),
    inspect: (jobId) =>
      call('inspect', () => state.jobs.get(jobId)?.view ?? { state: 'missing', error: null, details: [], tasks: [] }),
    cancel: (jobId) =>
      call('cancel', () => {
        const job = state.jobs.get(jobId)
        if (job !== undefined && job.view.state === 'running') job.view = { ...job.view, state: 'cancelled' }
      }),
    readText: async () => undefined,
    candidate: () => call('candidate', () => state.candidate),
    observations: () => call('observations', () => state.observations),
    tables: () => call('tables', () => state.tables),
    score: (request) =>
      call('score', () => {
        const batch = state.batches.get(request.key) ?? { request, looksLeft: options.looks ?? 1 }
        state.batches.set(request.key, batch)
        const name = `batches/${request.key}`
        if (batch.looksLeft-- > 0) return { name, state: 'running' }
        const answers = state.answers(request)
        return 'uri' in answers ? { name, state: 'done', ...answers } : { name, state: 'failed', ...answers }
      }),
    measureServing: () => call('measureServing', () => state.measurement),
    files: async (uri) => (isAbsolute(uri) ? [uri] : undefined),
    register: (name, candidate, key) =>
      call('register', (fate) => {
        const found = state.versions.find((v) => v.displayName === name && v.aliases.includes(key))
        if (found !== undefined) return { done: true, result: found }
        return start(fate, () => {
          if (state.versions.some((v) => v.displayName === name && v.aliases.includes(key))) return
          const version = String(state.versions.filter((v) => v.displayName === name).length + 1)
          state.versions.push({ ...candidate, model: `models/${name}`, version, displayName: name, aliases: [key] })
        })
      }),
    alias: (version, aliases) =>
      call('alias', () => {
        for (const [index, other] of state.versions.entries()) {
          if (other.model !== version.model) continue
          const rest = other.aliases.filter((alias) => !aliases.includes(alias))
          state.versions[index] = {
            ...other,
            aliases: other.version === version.version ? [...rest, ...aliases] : rest,
          }
        }
      }),
    models: async () => state.versions,
    findEndpoint: (name) =>
      call('findEndpoint', () => {
        const found = [...state.endpoints.values()].find((endpoint) => endpoint.displayName === name)
        return found === undefined ? undefined : viewOf(found)
      }),
    createEndpoint: (name) =>
      call('createEndpoint', (fate) =>
        start(fate, () => {
          if (!state.endpoints.has(`endpoints/${name}`))
            state.endpoints.set(`endpoints/${name}`, {
              name: `endpoints/${name}`,
              displayName: name,
              deployed: [],
              split: {},
            })
        }),
      ),
    endpoint: (name) =>
      call('endpoint', () => {
        const found = state.endpoints.get(name)
        return found === undefined ? undefined : viewOf(found)
      }),
    endpoints: async () => [...state.endpoints.values()].map(viewOf),
    deploy: (name, model, key) =>
      call('deploy', (fate) => {
        const endpoint = endpointOf(name)
        const found = endpoint.deployed.find((deployed) => deployed.displayName === key)
        if (found !== undefined) return { done: true, result: found }
        return start(fate, () => {
          // The id comes from the key, as the real adapter's does, so a second deployment of a release is refused.
          if (endpoint.deployed.some((deployed) => deployed.displayName === key)) throw new Error('id is taken')
          endpoint.deployed.push({ id: `d-${key}`, model: model.model, modelVersion: model.version, displayName: key })
        })
      }),
    operation: (name) =>
      call('operation', () => {
        const operation = state.operations.get(name)
        if (operation === undefined) return { done: true, error: null }
        if (operation.looksLeft-- <= 0) settle(operation)
        return { done: operation.done, error: operation.error }
      }),
    split: (name, split) =>
      call('split', () => {
        const endpoint = endpointOf(name)
        const shares = Object.entries(split)
        if (shares.some(([id]) => !endpoint.deployed.some((deployed) => deployed.id === id)))
          throw new Fault('target_refused', 'the split names a model that is not deployed')
        if (shares.length > 0 && shares.reduce((sum, [, percent]) => sum + percent, 0) !== 100)
          throw new Fault('target_refused', 'the split does not add up to 100')
        endpoint.split = { ...split }
      }),
    undeploy: (name, id) =>
      call('undeploy', (fate) => {
        const endpoint = endpointOf(name)
        if (!endpoint.deployed.some((deployed) => deployed.id === id)) return { done: true, result: null }
        if ((endpoint.split[id] ?? 0) > 0) throw new Fault('target_refused', 'a model with traffic is not undeployed')
        return start(fate, () => {
          if ((endpoint.split[id] ?? 0) > 0) throw new Error('a model with traffic is not undeployed')
          endpoint.deployed = endpoint.deployed.filter((deployed) => deployed.id !== id)
        })
      }),
    logRequests: () => call('logRequests', () => {}),
    requests: (name, since) => call('requests', () => state.requests(name, since)),
    predict: (name) =>
      call('predict', () => {
        const endpoint = endpointOf(name)
        const [serving] = Object.keys(endpoint.split)
        if (serving === undefined) throw new Fault('target_refused', 'no model has traffic')
        return { predictions: [], deployedModel: serving, request: null }
      }),
  }
  return { target, state }
}
