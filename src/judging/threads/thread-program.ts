import { parentPort, Worker, type WorkerOptions } from 'node:worker_threads'
import { Fault, isFault, messageOf } from '../../domain/errors.ts'

/** A fault as it crosses from a thread: an Error that is cloned loses all but its message. */
export type FaultMessage = Pick<Fault, 'code' | 'message' | 'retryable' | 'remedy' | 'details'>

export const faultMessage = (error: unknown): FaultMessage =>
  isFault(error)
    ? {
        code: error.code,
        message: error.message,
        retryable: error.retryable,
        remedy: error.remedy,
        details: error.details,
      }
    : { code: 'judging_failed', message: messageOf(error), retryable: false, remedy: undefined, details: [] }

export const faultOf = ({ code, message, retryable, remedy, details }: FaultMessage): Fault =>
  new Fault(code, message, { retryable, details, ...(remedy === undefined ? {} : { remedy }) })

/** Starts a program beside this file in a thread, with nothing of this process's environment. */
export const startThread = (
  name: string,
  options: Pick<WorkerOptions, 'workerData' | 'transferList' | 'resourceLimits'>,
) =>
  // Sources run as .ts, the published package as .js; a worker's address is not rewritten by the compiler.
  new Worker(new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url), {
    env: {},
    execArgv: [],
    ...options,
  })

/** A thread that ended of itself: where `doing` is `judges`, the one that judges. It may be tried again. */
export const threadDied = (doing: string, why: string): Fault =>
  new Fault('judging_failed', `The thread that ${doing} ended: ${why}`, {
    retryable: true,
    remedy: 'Try again; where memory is short, judge fewer examples.',
  })

/** What a thread says that does one thing and ends. */
type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: FaultMessage }

/** Called in the thread: does the work and says what came out. */
export const answer = async (work: () => unknown): Promise<void> => {
  const say = (said: Answer<unknown>): void => parentPort?.postMessage(said)
  try {
    say({ ok: true, value: await work() })
  } catch (error) {
    say({ ok: false, fault: faultMessage(error) })
  }
}

/**
 * Has one thing done in a thread of its own, and gives what it answers; a Fault where it cannot, and where it ends
 * without an answer.
 */
export const doInThread = async <T>(name: string, task: unknown, doing: string, signal?: AbortSignal): Promise<T> => {
  signal?.throwIfAborted()
  const thread = startThread(name, { workerData: task })
  let abort = (): void => {}
  try {
    return await new Promise<T>((resolve, reject) => {
      abort = () => reject(signal?.reason)
      signal?.addEventListener('abort', abort, { once: true })
      thread.on('message', (said: Answer<T>) => {
        if (said.ok) resolve(said.value)
        else reject(faultOf(said.fault))
      })
      thread.on('error', (error) => reject(threadDied(doing, error.message)))
      thread.on('exit', (code) => reject(threadDied(doing, `exit code ${code}`)))
    })
  } finally {
    signal?.removeEventListener('abort', abort)
    await thread.terminate()
  }
}
