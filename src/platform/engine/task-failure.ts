import { Fault, isFault, messageOf } from '../../domain/errors.ts'
import type { ProcessResult } from '../../processes/run-process.ts'

const tailLines = 12
const longestLine = 500

const linesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trimEnd().slice(0, longestLine))
    .filter((line) => line !== '')

/** A traceback from the component's own code on: the frames before it are kfp's executor, the same every time. */
const ownFrames = (traceback: readonly string[]): readonly string[] => {
  const [head = '', ...frames] = traceback
  const own = frames.findIndex((line) => line.includes('ephemeral_component.py'))
  return [head, ...frames.slice(Math.max(own, 0)).slice(1 - tailLines)]
}

/** Without what kfp's executor itself logs: a line for each step, and the whole executor input over many lines. */
const withoutExecutorLog = (lines: readonly string[]): readonly string[] => {
  let inside = false
  return lines.filter((line) => {
    if (/^\[KFP Executor .*\bINFO\b/.test(line)) {
      inside = line.endsWith('executor_input:')
      return false
    }
    if (!inside) return true
    inside = line !== '}'
    return false
  })
}

/** The end of what a failed process said: of Python the last traceback, of others the last lines. */
const lastWords = ({ stdout, stderr }: ProcessResult): readonly string[] => {
  const errors = withoutExecutorLog(linesOf(stderr))
  const traceback = errors.findLastIndex((line) => line.startsWith('Traceback (most recent call last)'))
  if (traceback >= 0) return ownFrames(errors.slice(traceback))
  return (errors.length > 0 ? errors : linesOf(stdout)).slice(-tailLines)
}

const wayOfEnding = ({ exitCode, signal, timedOut, durationMs }: ProcessResult): string => {
  if (timedOut) return `was stopped after ${Math.round(durationMs / 1000)} s, its time limit`
  // What a shell or a sandbox says of what was killed inside it.
  if (exitCode === 137) return 'was killed by SIGKILL'
  return exitCode === null ? `was killed by ${signal ?? 'a signal'}` : `failed with exit code ${exitCode}`
}

const megabytes = (bytes: number): string => `${Math.max(1, Math.round(bytes / 1e6))} MB`

/** What runtimes say when they are refused memory, rather than killed for it. */
const wantOfMemory = /^MemoryError\b|^numpy.*_ArrayMemoryError|Cannot allocate memory|std::bad_alloc|heap out of memory/

/** Of a process that had no memory left: why, and what to do. */
const memoryFailure = (
  task: string,
  { memory, timedOut }: ProcessResult,
  words: readonly string[],
  logFile: string,
) => {
  if (memory === undefined || timedOut) return undefined
  const { exhausted, limitBytes, peakBytes } = memory
  const peak = peakBytes === null ? '' : ` (it held ${megabytes(peakBytes)} at most)`
  if (exhausted === 'machine')
    return new Fault('task_failed', `${task} was killed by the kernel: the machine had no memory left`, {
      remedy: `let fewer tasks run at once, or give the task a memory limit that it fits in; ${logFile}`,
      details: words,
    })
  const refused = limitBytes !== null && wantOfMemory.test(words.at(-1) ?? '')
  if (limitBytes === null || (exhausted === null && !refused)) return undefined
  const more = Math.ceil((limitBytes * 2) / 1e6)
  const how = exhausted === 'limit' ? 'was killed for memory' : 'got no more memory'
  return new Fault('task_failed', `${task} ${how}: its limit is ${megabytes(limitBytes)}${peak}`, {
    remedy: `give it more: set_memory_limit('${more % 1000 === 0 ? `${more / 1000}G` : `${more}M`}'), or let it hold less; ${logFile}`,
    details: words,
  })
}

/** The fault of a process that did not end well. The log's name tells where the rest is. */
export const processFailure = (task: string, result: ProcessResult, logFile: string): Fault => {
  const words = lastWords(result)
  const memory = memoryFailure(task, result, words, logFile)
  if (memory !== undefined) return memory
  const last = words.at(-1)
  const message = `${task} ${wayOfEnding(result)}${last === undefined ? '' : `: ${last}`}`
  return new Fault(result.timedOut ? 'process_timed_out' : 'task_failed', message, {
    remedy: `read ${logFile}`,
    details: words,
  })
}

/** A failure as people see it: in one line what failed and what to do, and the last lines of what was said. */
export interface TaskFailure {
  readonly error: string
  readonly details: readonly string[]
}

export const taskFailure = (error: unknown): TaskFailure => {
  const [first = '', ...more] = messageOf(error).split('\n')
  if (!isFault(error)) return { error: first, details: more }
  const remedy = error.remedy === undefined ? '' : ` (${error.remedy.replaceAll('\n', ' ')})`
  return { error: `${first}${remedy}`, details: [...more, ...error.details] }
}
