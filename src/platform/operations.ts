import { setTimeout as setTimeoutPromise } from 'node:timers/promises'
import { newId } from './names.ts'
import type { Collection } from './records.ts'
import { type Resource, type Timestamp, timestampOf } from './resources.ts'
import type { Message } from './services.ts'
import { type Status, statusError, statusOf } from './status.ts'

/** What is kept of an operation: enough to take it up again after a crash. */
export interface OperationRecord extends Resource {
  readonly kind: string
  /** What the operation was asked to do, with every id that it will give already chosen. */
  readonly plan: Message
  readonly createTime: Timestamp
  readonly updateTime: Timestamp
  readonly done: boolean
  readonly response?: Message
  readonly error?: Status
}

export interface OperationKind {
  /** Full names of the messages in the operation's `metadata` and `response`. */
  readonly metadata: string
  readonly response: string
  /** What the metadata says besides the times. */
  readonly details?: (plan: Message) => Message
  /**
   * Does the work and gives the response. After a crash it is called again with the same plan and operation name,
   * so whatever it did before must count as done.
   */
  readonly run: (plan: Message, operation: { readonly name: string; readonly signal: AbortSignal }) => Promise<Message>
}

export interface Operations {
  /** Declares a kind of operation and gives what starts one under a parent resource. */
  define(kind: string, definition: OperationKind): (parent: string, plan: Message) => Promise<Message>
  /** Takes up what a crash left undone; those of a kind that nobody defined fail with ABORTED. */
  resume(): Promise<void>
  /** google.longrunning.Operation, or undefined. */
  get(name: string): Message | undefined
  list(parent: string): readonly Message[]
  /** Resolves with the operation once it is done, or when the time or the signal ends the wait. */
  wait(name: string, milliseconds: number | undefined, signal?: AbortSignal): Promise<Message | undefined>
  /** True where there is such an operation; its work is aborted if it still goes on. */
  cancel(name: string): Promise<boolean>
  /** 'running' where it is not done yet. */
  remove(name: string): Promise<'removed' | 'running' | 'missing'>
  /** Aborts the work under way and leaves it undone, for resume(). */
  close(): Promise<void>
}

/** Most operations end in milliseconds: those are given back done, so that nobody needs to poll. */
const answerWithinMs = 40
const rewriteMs = 1_000
/** Done operations are of no use to anybody after this. */
const keptMs = 30 * 24 * 3_600_000

export const createOperations = (records: Collection<OperationRecord>, now: () => number): Operations => {
  const kinds = new Map<string, OperationKind>()
  const running = new Map<string, { readonly abort: AbortController; readonly ended: Promise<void> }>()
  let closing = false

  const begin = (record: OperationRecord): Promise<void> => {
    const abort = new AbortController()
    const ended = work(record, abort.signal).finally(() => running.delete(record.name))
    running.set(record.name, { abort, ended })
    return ended
  }

  const work = async (record: OperationRecord, signal: AbortSignal): Promise<void> => {
    const outcome = await attempt(record, signal)
    if (outcome === undefined) return
    const ended = { ...outcome, done: true, updateTime: timestampOf(now()) }
    // The disk may be full: the outcome is known, so it is told as soon as it can be written.
    while (!closing) {
      try {
        await records.update(record.name, (found) => ({ ...found, ...ended }))
        return
      } catch {
        await setTimeoutPromise(rewriteMs, undefined, { ref: false })
      }
    }
  }

  const attempt = async (record: OperationRecord, signal: AbortSignal) => {
    const kind = kinds.get(record.kind)
    if (!kind)
      return { error: statusOf(statusError('ABORTED', `The platform stopped while ${record.name} was under way`)) }
    try {
      return { response: await kind.run(record.plan, { name: record.name, signal }) }
    } catch (error) {
      if (closing) return undefined
      return {
        error: signal.aborted ? statusOf(statusError('CANCELLED', 'The operation was cancelled')) : statusOf(error),
      }
    }
  }

  const view = (record: OperationRecord): Message => {
    const kind = kinds.get(record.kind)
    const { createTime, updateTime } = record
    return {
      name: record.name,
      done: record.done,
      ...(kind && {
        metadata: {
          '@type': kind.metadata,
          genericMetadata: { createTime, updateTime },
          ...kind.details?.(record.plan),
        },
      }),
      ...(record.error && { error: record.error }),
      ...(record.response && kind && { response: { '@type': kind.response, ...record.response } }),
    }
  }

  const get = (name: string): Message | undefined => {
    const record = records.get(name)
    return record && view(record)
  }

  const wait = async (name: string, milliseconds: number | undefined, signal?: AbortSignal) => {
    const ended = running.get(name)?.ended
    if (ended) await raceWith(ended, milliseconds, signal)
    return get(name)
  }

  return {
    get,
    wait,
    define: (kind, definition) => {
      kinds.set(kind, definition)
      return async (parent, plan) => {
        const name = `${parent}/operations/${newId((id) => records.get(`${parent}/operations/${id}`) !== undefined)}`
        const time = timestampOf(now())
        const record: OperationRecord = { name, kind, plan, createTime: time, updateTime: time, done: false }
        await records.insert(record)
        void begin(record)
        return (await wait(name, answerWithinMs)) as Message
      }
    },
    resume: async () => {
      for (const record of records.list()) {
        if (!record.done) void begin(record)
        else if (Number(record.updateTime.seconds) * 1_000 < now() - keptMs) await records.remove(record.name)
      }
    },
    list: (parent) => records.list(`${parent}/`).map(view).reverse(),
    cancel: async (name) => {
      running.get(name)?.abort.abort()
      return records.get(name) !== undefined
    },
    remove: async (name) => {
      if (running.has(name)) return 'running'
      return (await records.remove(name)) ? 'removed' : 'missing'
    },
    close: async () => {
      closing = true
      for (const { abort } of running.values()) abort.abort()
      await Promise.all([...running.values()].map(({ ended }) => ended))
    },
  }
}

const raceWith = (
  ended: Promise<void>,
  milliseconds: number | undefined,
  signal: AbortSignal | undefined,
): Promise<void> =>
  new Promise((resolve) => {
    const stop = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
      resolve()
    }
    const timer = milliseconds === undefined ? undefined : setTimeout(stop, milliseconds)
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) stop()
    void ended.then(stop)
  })
