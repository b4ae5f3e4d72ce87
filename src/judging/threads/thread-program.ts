import { Worker, type WorkerOptions } from 'node:worker_threads'
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

/** What a thread says that speaks once. */
export const onlyMessage = <T>(thread: Worker, doing: string): Promise<T> =>
  new Promise((resolve, reject) => {
    thread.on('message', resolve)
    thread.on('error', (error) => reject(threadDied(doing, error.message)))
    thread.on('exit', (code) => reject(threadDied(doing, `exit code ${code}`)))
  })
