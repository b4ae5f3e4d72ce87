import { appendFileSync } from 'node:fs'
import { mkdir, open, truncate } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Fault, messageOf } from '../../../domain/errors.ts'
import type { Time } from '../../../domain/time.ts'
import type { ExecutionEvent, TaskPath } from '../../../pipelines/execution.ts'
import type { ProcessIdentity } from '../../../processes/process-table.ts'
import type { EngineJob, EngineJobState } from '../job.ts'

/** Whether a task's outputs came from the cache, and why they did or did not. */
export interface CacheWord {
  readonly cached: boolean
  readonly cacheReason?: string
  /** True where it had to run since something is other than it was. */
  readonly cacheChanged?: boolean
}

/** What happened to a job, in order. Events are what the interpreter was told: replaying them rebuilds its state. */
export type JournalRecord =
  | { readonly kind: 'job'; readonly at: Time; readonly uuid: string; readonly job: EngineJob }
  /** Written before anything of the attempt runs; processes carry the token. */
  | {
      readonly kind: 'attempt'
      readonly at: Time
      readonly path: TaskPath
      readonly attempt: number
      readonly token: string
    }
  | { readonly kind: 'process'; readonly at: Time; readonly path: TaskPath; readonly process: ProcessIdentity }
  /** An attempt failed and another one follows. */
  | {
      readonly kind: 'retry'
      readonly at: Time
      readonly path: TaskPath
      readonly attempt: number
      readonly error: string
    }
  | ({ readonly kind: 'event'; readonly at: Time; readonly event: ExecutionEvent } & CacheWord)
  | { readonly kind: 'end'; readonly at: Time; readonly state: EngineJobState; readonly error: string | null }
  /** After an end: the job was begun again, to do what did not succeed. */
  | { readonly kind: 'again'; readonly at: Time }

export interface Journal {
  /** Resolves when the record is written; with `durable`, when it would survive a power cut. */
  append(record: JournalRecord, durable?: boolean): Promise<void>
  close(): Promise<void>
}

const faultOf = (path: string, error: unknown): Fault => {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new Fault('disk_full', `the disk is full: ${path} could not be written`, {
      remedy: 'free some space and start the platform again; it takes the job up where it stopped',
      retryable: true,
      cause: error,
    })
  return new Fault('store_unavailable', `the journal ${path} cannot be used: ${messageOf(error)}`, { cause: error })
}

const parseLine = (line: string): JournalRecord | undefined => {
  try {
    return JSON.parse(line) as JournalRecord
  } catch {
    return undefined
  }
}

/** The whole records of a journal's text, and how many bytes they take. Only a last line may be torn. */
const parseJournal = (text: string, path: string): { records: readonly JournalRecord[]; bytes: number } => {
  const records: JournalRecord[] = []
  let bytes = 0
  const lines = text.split('\n')
  for (const [index, line] of lines.entries()) {
    const isLast = index >= lines.length - 2
    const record = index === lines.length - 1 ? undefined : parseLine(line)
    if (record === undefined && !isLast)
      throw new Fault('store_unavailable', `line ${index + 1} of the journal ${path} is damaged`, {
        remedy: 'move the folder of that job away; the job itself is lost',
      })
    if (record === undefined) break
    records.push(record)
    bytes += Buffer.byteLength(line) + 1
  }
  return { records, bytes }
}

/** Opens or makes a journal: JSON lines, only ever added to. A line that a crash tore is cut off. */
export const openJournal = async (
  path: string,
): Promise<{ readonly journal: Journal; readonly records: readonly JournalRecord[] }> => {
  try {
    await mkdir(dirname(path), { recursive: true })
    const file = await open(path, 'a+')
    const text = await file.readFile('utf8')
    const { records, bytes } = parseJournal(text, path)
    if (bytes < Buffer.byteLength(text)) await truncate(path, bytes)

    let last: Promise<void> = Promise.resolve()
    const append = (record: JournalRecord, durable = false): Promise<void> => {
      const write = async (): Promise<void> => {
        try {
          // One short write: to wait for a thread that does it takes longer. The disk is what can keep us waiting.
          appendFileSync(file.fd, `${JSON.stringify(record)}\n`)
          if (durable) await file.datasync()
        } catch (error) {
          throw faultOf(path, error)
        }
      }
      const written = last.then(write)
      last = written.catch(() => {})
      return written
    }
    const close = async (): Promise<void> => {
      await last
      await file.close()
    }
    return { journal: { append, close }, records }
  } catch (error) {
    throw error instanceof Fault ? error : faultOf(path, error)
  }
}
