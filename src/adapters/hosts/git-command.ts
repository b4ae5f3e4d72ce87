import { Fault } from '../../domain/errors.ts'
import type { Duration } from '../../domain/time.ts'
import { type ProcessResult, runProcess, scrubbedEnvironment } from '../../processes/run-process.ts'

export interface GitRequest {
  readonly args: readonly string[]
  readonly cwd: string
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  readonly timeout: Duration
  /** Fault checkout_refused where more than this comes out. Default 1 MiB. */
  readonly maxOutputBytes?: number
  /** No file that git writes may become larger. */
  readonly maxFileBytes?: number
}

/**
 * Settings that a hostile repository, or a careless one of this machine, cannot change: the command line wins over every
 * config file, and the machine's and the user's files are not read at all.
 */
const hardened: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.attributesFile': '/dev/null',
  'core.fsmonitor': 'false',
  'core.protectHFS': 'true',
  'core.protectNTFS': 'true',
  'core.askPass': '',
  'core.bigFileThreshold': '16m',
  'credential.helper': '',
  'protocol.allow': 'never',
  'protocol.version': '2',
  'transfer.fsckObjects': 'true',
  'fetch.fsckObjects': 'true',
  // Old histories are full of these two, and neither can do harm.
  'fetch.fsck.zeroPaddedFilemode': 'ignore',
  'fetch.fsck.badTimezone': 'ignore',
  'fetch.recurseSubmodules': 'false',
  'submodule.recurse': 'false',
  'fetch.unpackLimit': '1',
  'transfer.unpackLimit': '1',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'http.followRedirects': 'false',
  'http.lowSpeedLimit': '1000',
  'http.lowSpeedTime': '30',
}

const memoryBytes = 2 * 1024 ** 3
const mebibyte = 1024 * 1024

/** Runs the hardened git. `settings` come on top. A time-out is a Fault; an exit code is the caller's to judge. */
export const runGit = async (
  request: GitRequest,
  signal: AbortSignal,
  settings: Readonly<Record<string, string>> = {},
): Promise<ProcessResult> => {
  signal.throwIfAborted()
  const configured = Object.entries({ ...hardened, ...settings }).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const args = [...configured, ...request.args]
  const capped = request.maxFileBytes === undefined ? undefined : Math.ceil(request.maxFileBytes / 512)
  const maxOutputBytes = request.maxOutputBytes ?? mebibyte
  const tooMuch = new AbortController()
  let seen = 0
  const result = await runProcess(
    {
      ...(capped === undefined
        ? { command: 'git', args }
        : {
            command: '/bin/sh',
            args: ['-c', 'ulimit -f "$1" && shift && exec git "$@"', 'sh', String(capped), ...args],
          }),
      cwd: request.cwd,
      env: scrubbedEnvironment({
        LC_ALL: 'C',
        HOME: request.cwd,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_ATTR_NOSYSTEM: '1',
        GIT_TERMINAL_PROMPT: '0',
        GIT_LFS_SKIP_SMUDGE: '1',
        GIT_OPTIONAL_LOCKS: '0',
        GIT_SSH_COMMAND: 'ssh -oBatchMode=yes -oStrictHostKeyChecking=yes',
        ...request.env,
      }),
      ...(request.stdin === undefined ? {} : { stdin: request.stdin }),
      timeoutMs: request.timeout,
      memoryBytes,
      maxOutputBytes: maxOutputBytes + 1,
      // A few small trees can name billions of files: stop listing as soon as it is too much.
      onLine: (line, stream) => {
        if (stream === 'stdout') seen += Buffer.byteLength(line) + 1
        if (seen > maxOutputBytes) tooMuch.abort()
      },
    },
    AbortSignal.any([signal, tooMuch.signal]),
  )
  signal.throwIfAborted()
  const what = `git ${request.args[0]}`
  if (seen > maxOutputBytes)
    throw new Fault('checkout_refused', `${what} printed more than ${maxOutputBytes} bytes`, {
      remedy: 'the repository names too many files, or one too large, for Winnow to take',
    })
  if (result.timedOut)
    throw new Fault('checkout_failed', `${what} took longer than ${request.timeout} ms`, {
      retryable: true,
      details: lastLines(result),
    })
  return result
}

/** What git died of: its last lines may only be advice on it. */
export const complaintOf = (result: Pick<ProcessResult, 'stderr'>): string => {
  const lines = lastLines(result)
  return lines.find((line) => /^(?:fatal|error):/.test(line)) ?? lines.at(-1) ?? 'git said nothing'
}

export const lastLines = ({ stderr }: Pick<ProcessResult, 'stderr'>): readonly string[] =>
  stderr
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-10)
