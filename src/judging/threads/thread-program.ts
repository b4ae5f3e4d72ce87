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
