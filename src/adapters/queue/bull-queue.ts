import type { Job as BullJob } from 'bullmq'
import { messageOf } from '../../domain/errors.ts'
import { jobIdOf } from '../../domain/job.ts'
import { type Step, steps } from '../../domain/ports/store.ts'
import type { Job, Queue } from '../../domain/ports/work.ts'

/** What the queue says: a fixed message with its fields. */
export interface QueueLog {
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** The part of BullMQ's Queue that is used. `setGlobalConcurrency` is left out: on PostgreSQL it polls without a pause. */
interface Producer {
  add(name: string, data: object, options: object): Promise<unknown>
  getPrioritized(start: number, end: number): Promise<readonly { readonly priority: number }[]>
  obliterate(options: { force: boolean }): Promise<void>
  close(): Promise<void>
}

interface Consumer {
  close(): Promise<void>
}

/** Where BullMQ keeps the jobs: each of its objects has an `error` listener, for without one an error ends the process. */
export interface QueueBackend {
  readonly producer: Producer
  consume(
    handle: (job: BullJob) => Promise<void>,
    options: typeof workerOptions & { concurrency: number },
  ): Promise<Consumer>
  close(): Promise<void>
}

export const workerOptions = {
  /** A job whose worker died is handed out again, however often that happens: by default the second time it fails. */
  maxStalledCount: 1_000_000,
  lockDuration: 30_000,
  stalledInterval: 15_000,
}

export const createQueue = (backend: QueueBackend, log: QueueLog, grace: number): Queue => {
  const ending = new AbortController()
  const consumers: Consumer[] = []
  let closed: Promise<void> | undefined

  const close = async (): Promise<void> => {
    const timer = setTimeout(() => ending.abort(new Error('Winnow is stopping')), grace)
    try {
      await Promise.all(consumers.map((consumer) => consumer.close()))
    } finally {
      clearTimeout(timer)
    }
    await backend.producer.close()
    await backend.close()
  }

  return {
    add: async (job, delay, turn = 0) => {
      await backend.producer.add(
        job.step,
        { id: job.id, version: job.version },
        // Gone when done, so that the same job can be added again; the store knows what happened to it.
        {
          jobId: jobIdOf(job),
          delay: Math.max(0, Math.round(delay)),
          priority: turn,
          removeOnComplete: true,
          removeOnFail: true,
        },
      )
    },
    front: async () => (await backend.producer.getPrioritized(0, 0))[0]?.priority ?? 0,
    work: async (handle, concurrency) => {
      const process = async (received: BullJob): Promise<void> => {
        const job = jobOf(received)
        if (!job) return log.warn({ job: received.id }, 'a job in the queue is none of ours, it was dropped')
        try {
          await handle(job, ending.signal)
        } catch (error) {
          // The job ends all the same: the reconciler looks at the row, whatever became of the job.
          log.error({ ...job, error }, `a job failed outside its step: ${messageOf(error)}`)
        }
      }
      consumers.push(await backend.consume(process, { ...workerOptions, concurrency }))
    },
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

const isStep = (name: string): name is Step => Object.hasOwn(steps, name)

const jobOf = ({ name, data }: BullJob): Job | undefined => {
  const { id, version } = (data ?? {}) as { id?: unknown; version?: unknown }
  return isStep(name) && typeof id === 'number' && typeof version === 'number' ? { step: name, id, version } : undefined
}
