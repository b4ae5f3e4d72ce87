import { Worker } from 'node:worker_threads'
import { Fault } from '../../domain/errors.ts'
import type { ServingReply, ServingRequest } from './serving-protocol.ts'

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never
type ServingTask = WithoutId<ServingRequest>

/** A worker thread that answers tasks in order. When it dies, all its tasks are rejected and it is of no more use. */
export interface ServingThread {
  readonly alive: () => boolean
  ask(task: ServingTask, timeoutMs: number, signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>>
  stop(): Promise<void>
}

interface Waiting {
  readonly resolve: (values: Float32Array<ArrayBuffer>) => void
  readonly reject: (error: unknown) => void
}

const died = (why: string): Fault =>
  new Fault('deploy_failed', `The serving thread ended: ${why}`, {
    retryable: true,
    remedy: 'Ask again: the models are loaded into a new thread. If it ends again, deploy another model.',
  })

// Sources run as .ts, the published package as .js; a worker's address is not rewritten by the compiler.
const servingProgram = new URL(`./serving-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

export const startServingThread = (program: URL = servingProgram): ServingThread => {
  const worker = new Worker(program, { env: {}, execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 8 } })
  worker.unref()
  const waiting = new Map<number, Waiting>()
  let next = 0
  let end: Fault | undefined

  const settle = (id: number): Waiting | undefined => {
    const found = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) worker.unref()
    return found
  }
  const fail = (why: string): void => {
    end ??= died(why)
    for (const id of [...waiting.keys()]) settle(id)?.reject(end)
  }
  worker.on('message', (reply: ServingReply) => {
    const found = settle(reply.id)
    if ('error' in reply) found?.reject(new Error(reply.error))
    else found?.resolve(reply.values)
  })
  worker.on('error', (error: Error) => fail(error.message))
  worker.on('exit', (code) => fail(`exit code ${code}`))

  return {
    alive: () => end === undefined,
    ask: async (task, timeoutMs, signal) => {
      signal?.throwIfAborted()
      if (end !== undefined) throw end
      next += 1
      const id = next
      const answer = new Promise<Float32Array<ArrayBuffer>>((resolve, reject) => waiting.set(id, { resolve, reject }))
      worker.ref()
      const abort = () => settle(id)?.reject(signal?.reason)
      signal?.addEventListener('abort', abort, { once: true })
      // A graph that never ends cannot be interrupted: the thread is given up, and a new one takes over.
      const timer = setTimeout(() => {
        fail(`no answer within ${timeoutMs / 1000} s`)
        void worker.terminate()
      }, timeoutMs)
      try {
        worker.postMessage({ ...task, id }, task.kind === 'predict' ? [task.numeric.buffer] : [])
        return await answer
      } finally {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
      }
    },
    stop: async () => {
      fail('the model server was closed')
      await worker.terminate()
    },
  }
}
