import type { Worker } from 'node:worker_threads'
import type { AnswersThread } from '../port.ts'
import type { AnswersMessage, AnswersReply, AnswersTask } from './answers-worker.ts'
import { faultOf, startThread, threadDied } from './thread-program.ts'

/** `folder` is where answers are kept. */
export const openAnswers = (folder: string, signal: AbortSignal): AnswersThread => {
  let worker: Worker | undefined
  let asked = 0
  const waiting = new Map<
    number,
    { readonly resolve: (value: never) => void; readonly reject: (error: unknown) => void }
  >()
  const failAll = (error: unknown): void => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const abort = (): void => failAll(signal.reason)
  const start = (): Worker => {
    const started = startThread('answers-worker', { workerData: { folder } satisfies AnswersTask })
    started.on('message', ({ id, ...reply }: AnswersReply) => {
      const one = waiting.get(id)
      waiting.delete(id)
      if ('fault' in reply) one?.reject(faultOf(reply.fault))
      else one?.resolve(reply.value as never)
    })
    started.on('error', (error) => failAll(threadDied('reads answers', error.message)))
    started.on('exit', (code) => failAll(threadDied('reads answers', `exit code ${code}`)))
    signal.addEventListener('abort', abort, { once: true })
    return started
  }
  const ask = <T>(message: AnswersMessage): Promise<T> => {
    signal.throwIfAborted()
    worker ??= start()
    asked += 1
    const id = asked
    const answered = new Promise<T>((resolve, reject) => waiting.set(id, { resolve, reject }))
    worker.postMessage({ id, ...message })
    return answered
  }
  return {
    read: async (table) => await ask({ kind: 'read', table }),
    keepSideBySide: async (candidate, references) => await ask({ kind: 'keep', candidate, references }),
    [Symbol.asyncDispose]: async () => {
      signal.removeEventListener('abort', abort)
      await worker?.terminate()
    },
  }
}
