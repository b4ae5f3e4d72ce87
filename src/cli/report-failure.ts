import { Fault } from '../domain/errors.ts'
import { whyNot } from '../domain/why-not.ts'

/** 1: what was asked failed. 2: the words were wrong, or the machine lacks something. */
export const exitCodes = { failed: 1, usage: 2 } as const

const machineFaults = new Set([
  'usage',
  'config_invalid',
  'python_missing',
  'port_taken',
  'data_folder_locked',
  'not_running',
  'unauthorised',
])

/** The one place where faults become words on a terminal; returns the exit code. */
export const reportFailure = (
  error: unknown,
  write: (text: string) => void = (text) => process.stderr.write(text),
): number => {
  if (!(error instanceof Fault)) {
    const detail = process.env['WINNOW_DEBUG'] === undefined ? '' : `\n${error instanceof Error ? error.stack : ''}`
    const { path } = error as { path?: unknown }
    const words = typeof path === 'string' ? `${path}: ${whyNot(error)}` : whyNot(error)
    write(`winnow: ${words}${detail}\n`)
    return typeof path === 'string' ? exitCodes.usage : exitCodes.failed
  }
  write(`winnow: ${error.message} [${error.code}]\n`)
  // The one fault of a file is already told by the message.
  for (const line of error.details) if (line !== error.message) write(`  ${line}\n`)
  if (error.remedy !== undefined) write(`  → ${error.remedy}\n`)
  return machineFaults.has(error.code) ? exitCodes.usage : exitCodes.failed
}
