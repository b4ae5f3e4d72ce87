import { setTimeout as delay } from 'node:timers/promises'
import { Fault, messageOf } from '../../../domain/errors.ts'
import type { Json } from '../../../domain/json.ts'
import type { Operation, OperationView } from '../../../domain/ports/operation.ts'
import type { Serving, ServingLoad, ServingMeasurement, ServingProbe } from '../../../domain/ports/serving.ts'
import type { Call } from './calls.ts'
import type { Clients } from './clients.ts'
import { toValue } from './values.ts'

interface ProbeParts extends Pick<Serving, 'findEndpoint' | 'createEndpoint' | 'deploy' | 'split' | 'undeploy'> {
  readonly operation: (name: string, signal: AbortSignal) => Promise<OperationView>
}

const shortestPause = 50
const longestPause = 10_000
/** Taking down goes on for so long after everything else was called off, ms. */
const graceToTakeDown = 30_000

/**
 * An endpoint of its own for the time of the measurement: what serves for others is neither touched nor asked. Its name
 * and that of the deployment come from the key, so a second try after a crash takes up both.
 */
export const createServingProbe = (clients: Clients, call: Call, parts: ProbeParts): ServingProbe => {
  /** Waits for operations and asks again, until what was asked for is there. */
  const settled = async <T>(ask: () => Promise<Operation<T>>, what: string, signal: AbortSignal): Promise<T> => {
    for (let turn = 0; turn < 3; turn++) {
      const operation = await ask()
      if (operation.done) return operation.result
      for (let pause = shortestPause; ; pause = Math.min(2 * pause, longestPause)) {
        const view = await parts.operation(operation.name, signal)
        if (view.error !== null)
          throw new Fault('target_refused', `${what} failed: ${view.error}`, {
            remedy: "the target's own words say what it did not accept",
          })
        if (view.done) break
        await delay(pause, undefined, { signal })
      }
    }
    throw new Fault('target_unavailable', `${what} is done, but not to be found`, { retryable: true })
  }

  const endpointOf = async (key: string, signal: AbortSignal) =>
    settled(
      async () => {
        const found = await parts.findEndpoint(key, signal)
        return found === undefined ? parts.createEndpoint(key, signal) : { done: true, result: found }
      },
      `the endpoint ${key}`,
      signal,
    )

  const remove = async (endpoint: string, deployed: string | undefined): Promise<void> => {
    const signal = AbortSignal.timeout(graceToTakeDown)
    if (deployed !== undefined)
      await settled(() => parts.undeploy(endpoint, deployed, signal), `undeploying from ${endpoint}`, signal)
    const client = await clients.endpoints()
    await call({ method: 'DeleteEndpoint', resource: endpoint, kind: 'act' }, signal, (options) =>
      client.deleteEndpoint({ name: endpoint }, options),
    )
  }

  return {
    measureServing: async (model, instances, load, key, signal) => {
      const { name } = await endpointOf(key, signal)
      let deployed: string | undefined
      try {
        const { id } = await settled(() => parts.deploy(name, model, key, signal), `deploying ${model.model}`, signal)
        deployed = id
        await parts.split(name, { [id]: 100 }, signal)
        const client = await clients.predictions()
        // One try a request: what is repeated would be measured as one long answer.
        const ask = async (instance: Json): Promise<void> => {
          await call({ method: 'Predict', resource: name, kind: 'probe' }, signal, (options) =>
            client.predict({ endpoint: name, instances: [toValue(instance)] }, options),
          )
        }
        return await underLoad(ask, instances, load, signal)
      } finally {
        await remove(name, deployed).catch(() => undefined)
      }
    },
  }
}

/** A closed loop: each of so many askers sends the next request when the one before was answered. */
const underLoad = async (
  ask: (instance: Json) => Promise<void>,
  instances: readonly Json[],
  { requests, concurrency, longest }: ServingLoad,
  signal: AbortSignal,
): Promise<ServingMeasurement> => {
  const latencies: number[] = []
  let problem: string | null = null
  // The first requests load the model and open connections.
  await ask(instances[0] ?? {}).catch(() => undefined)
  const begun = performance.now()
  let asked = 0
  const asker = async (): Promise<void> => {
    while (asked < requests && performance.now() - begun < longest) {
      signal.throwIfAborted()
      const instance = instances[asked++ % instances.length] ?? {}
      const from = performance.now()
      try {
        await ask(instance)
        latencies.push(performance.now() - from)
      } catch (error) {
        signal.throwIfAborted()
        problem ??= messageOf(error)
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, asker))
  return { latencies: Float64Array.from(latencies), asked, lasted: performance.now() - begun, problem }
}
