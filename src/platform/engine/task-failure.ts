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

/** The end of what a failed process said: of Python the last traceback, of others the last lines. */
const lastWords = ({ stdout, stderr }: ProcessResult): readonly string[] => {
  const errors = linesOf(stderr)
  const traceback = errors.findLastIndex((line) => line.startsWith('Traceback (most recent call last)'))
  if (traceback >= 0) return ownFrames(errors.slice(traceback))
  return (errors.length > 0 ? errors : linesOf(stdout)).slice(-tailLines)
}

const wayOfEnding = ({ exitCode, signal, timedOut, durationMs }: ProcessResult): string => {
  if (timedOut) return `was stopped after ${Math.round(durationMs / 1000)} s, its time limit`
  return exitCode === null ? `was killed by ${signal ?? 'a signal'}` : `failed with exit code ${exitCode}`
}

/** The fault of a process that did not end well. The log's name tells where the rest is. */
export const processFailure = (task: string, result: ProcessResult, logFile: string): Fault => {
  const words = lastWords(result)
  const last = words.at(-1)
  const message = `${task} ${wayOfEnding(result)}${last === undefined ? '' : `: ${last}`}`
  return new Fault(result.timedOut ? 'process_timed_out' : 'task_failed', message, {
    remedy: `read ${logFile}`,
    details: words,
  })
}

/** Any failure as the text that people see: what failed, what to do, the last lines. */
export const failureText = (error: unknown): string =>
  isFault(error)
    ? [error.message, ...(error.remedy === undefined ? [] : [`(${error.remedy})`]), ...error.details].join('\n')
    : messageOf(error)
