import { open } from 'node:fs/promises'
import { currentScope } from '../../../processes/process-scope.ts'
import { identify, scopeVariable, signalProcess } from '../../../processes/process-table.ts'
import type { ProcessResult } from '../../../processes/run-process.ts'
import type { WarmPool } from './warm-pool.ts'
import type { ForkRequest, WarmServer, WarmServerOptions } from './warm-server.ts'

export interface WarmRequest extends ForkRequest {
  /** Milliseconds after which the whole process group is killed. */
  readonly timeoutMs?: number
}

export interface WarmResult extends ProcessResult {
  /** True where the server died under the task: what did that may do it again. */
  readonly serverDied: boolean
}

/** As for other processes: between SIGTERM and SIGKILL. */
const graceMs = 2_000
const tailBytes = 64 * 1024

/** The end of what the task wrote: both of its streams go to one file, in the order of their lines. */
const readTail = async (path: string): Promise<string> => {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(tailBytes), 0, tailBytes, Math.max(0, size - tailBytes))
    return buffer.toString('utf8', 0, bytesRead).replace(/^\[winnow\] .*\n/gm, '')
  } finally {
    await file.close()
  }
}

const runOn = async (
  server: WarmServer,
  request: WarmRequest,
  signal: AbortSignal,
): Promise<WarmResult | undefined> => {
  const begunAt = performance.now()
  const scope = currentScope()
  if (scope === undefined) throw new TypeError('a warm task needs a scope, so that its processes can be found')
  const { timeoutMs, ...fork } = request
  if (signal.aborted) return undefined
  const task = server.fork({ ...fork, env: { ...fork.env, [scopeVariable]: scope.token } })
  const pid = await task.begun
  if (pid === undefined) return undefined
  scope.onStart(identify(pid))

  let over = false
  let killer: NodeJS.Timeout | undefined
  const endGroup = (): void => {
    if (killer !== undefined || over) return
    signalProcess(-pid, 'SIGTERM')
    killer = setTimeout(() => signalProcess(-pid, 'SIGKILL'), graceMs)
  }
  let timedOut = false
  const stop = (): void => {
    timedOut = true
    endGroup()
  }
  const timer = timeoutMs === undefined ? undefined : setTimeout(stop, timeoutMs)
  signal.addEventListener('abort', endGroup, { once: true })
  if (signal.aborted) endGroup()

  const { exitCode, signal: killedBy, serverDied, alone } = await task.ended
  over = true
  if (alone) scope.onGone?.()
  else signalProcess(-pid, 'SIGKILL')
  clearTimeout(timer)
  clearTimeout(killer)
  signal.removeEventListener('abort', endGroup)
  const stderr = exitCode === 0 ? '' : await readTail(request.log)
  const durationMs = Math.round(performance.now() - begunAt)
  return { exitCode, signal: killedBy, timedOut, stdout: '', stderr, durationMs, serverDied }
}

/**
 * Runs a task as a fork of a warm server, with the same promises as a process of its own: it leads a group, a time-out or
 * an abort kills that group, and nothing of it is left behind. Undefined where nothing of it has begun.
 */
export const runWarm = (
  pool: WarmPool,
  wanted: WarmServerOptions,
  request: WarmRequest,
  signal: AbortSignal,
): Promise<WarmResult | undefined> => pool.withServer(wanted, (server) => runOn(server, request, signal))
