import { isJsonObject, type Json } from '../../../domain/json.ts'
import type { ProcessResult } from '../../../processes/run-process.ts'
import { lastWord } from './container-client.ts'
import { type ContainerRequest, containerCommand } from './container-command.ts'
import type { ContainerRuntime } from './find-runtime.ts'

export interface ContainerRun {
  readonly logFile: string
  readonly timeoutMs?: number
}

/** How a container ended, or why it never began. */
export type ContainerEnd =
  | { readonly kind: 'ended'; readonly result: ProcessResult }
  | { readonly kind: 'notStarted'; readonly reason: string }

interface State {
  readonly started: boolean
  readonly outOfMemory: boolean
  readonly error: string
}

/** Removing waits for the kill to be carried out. */
const removeMs = 30_000
const never = '0001-01-01T00:00:00Z'
/** docker's and podman's own codes for a container that could not be run: some commands inside use them too. */
const clientCodes = [125, 126, 127]

const readState = async ({ client }: ContainerRuntime, name: string): Promise<State | undefined> => {
  const answer = await client(['inspect', '--format', '{{json .State}}', name], { timeoutMs: removeMs })
  if (answer.exitCode !== 0) return undefined
  let state: Json
  try {
    state = JSON.parse(answer.stdout) as Json
  } catch {
    return undefined
  }
  if (!isJsonObject(state)) return undefined
  const { StartedAt, OOMKilled, Error: error } = state
  return {
    started: StartedAt !== never && StartedAt !== '',
    outOfMemory: OOMKilled === true,
    error: typeof error === 'string' ? error : '',
  }
}

/**
 * Runs a container to its end and removes it. An abort and a time-out kill it by name: killing the client alone would
 * leave it running. Its output goes to the log as it comes.
 */
export const runContainer = async (
  runtime: ContainerRuntime,
  request: ContainerRequest,
  { logFile, timeoutMs }: ContainerRun,
  signal: AbortSignal,
): Promise<ContainerEnd> => {
  const { client } = runtime
  const { name, memoryBytes } = request
  const kill = (): void => void client(['kill', name], { timeoutMs: removeMs }).catch(() => {})
  signal.addEventListener('abort', kill, { once: true })
  let timedOut = false
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true
          kill()
        }, timeoutMs)
  try {
    const result = await client(
      containerCommand(request),
      // The kill by name comes first; the client goes by itself then, or is ended a little later.
      { logFile, background: true, ...(timeoutMs === undefined ? {} : { timeoutMs: timeoutMs + removeMs }) },
      signal,
    )
    const state = await readState(runtime, name)
    const code = result.exitCode ?? 0
    if (!timedOut && !signal.aborted && clientCodes.includes(code) && state?.started !== true)
      return { kind: 'notStarted', reason: state?.error || lastWord(result) }
    const kernel = result.memory?.exhausted ?? null
    // Older programs don't tell why the kernel killed it: where there is a limit, that is why.
    const limited = state?.outOfMemory === true || (kernel === 'machine' && memoryBytes !== undefined)
    const memory = {
      exhausted: limited ? ('limit' as const) : kernel,
      limitBytes: memoryBytes ?? null,
      peakBytes: null,
    }
    return { kind: 'ended', result: { ...result, timedOut: timedOut || result.timedOut, memory } }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', kill)
    await client(['rm', '--force', name], { timeoutMs: removeMs }).catch(() => {})
  }
}

/** Removes every container with this label that an earlier life has left; answers how many. */
export const removeLeftovers = async ({ client }: ContainerRuntime, label: string): Promise<number> => {
  const listed = await client(['ps', '--all', '--quiet', '--filter', `label=${label}`], { timeoutMs: removeMs })
  const ids = listed.stdout.split('\n').filter((id) => id !== '')
  if (listed.exitCode === 0 && ids.length > 0) await client(['rm', '--force', ...ids], { timeoutMs: removeMs })
  return listed.exitCode === 0 ? ids.length : 0
}
