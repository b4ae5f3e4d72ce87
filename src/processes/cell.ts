import { realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { messageOf } from '../domain/errors.ts'
import { type Enclose, runProcess } from './run-process.ts'
import { scrubbedEnvironment } from './scrubbed-environment.ts'

/** What a command in a cell has of this machine, beside its programs and libraries. */
export interface CellRequest {
  readonly readable: readonly string[]
  /** The one file of this machine that it may write; its size is limited, too. */
  readonly output: { readonly file: string; readonly maxBytes: number }
  /** A folder in memory, for it to write in: gone with it. */
  readonly scratch: { readonly folder: string; readonly maxBytes: number }
  readonly cwd: string
  readonly maxProcesses: number
}

/** Programs and libraries, and what they cannot start without; no settings of this machine, no home, no /tmp, no /run. */
const system = [
  ...['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/etc/alternatives', '/etc/ld.so.cache', '/etc/localtime'],
]

const real = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/**
 * Puts bubblewrap around a command that nobody trusts: it sees what is named here and nothing else, no network, no other
 * process, and no way to rights.
 */
export const cell =
  (program: string, { readable, output, scratch, cwd, maxProcesses }: CellRequest): Enclose =>
  (command, args) => {
    const shown = [...new Set(readable.flatMap((path) => [path, real(path)]))].sort((a, b) => a.length - b.length)
    return [
      program,
      [
        ...['--unshare-user-try', '--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts'],
        ...['--unshare-cgroup-try', '--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
        ...system.flatMap((path) => ['--ro-bind-try', path, path]),
        ...['--dev', '/dev', '--proc', '/proc'],
        ...shown.flatMap((path) => ['--ro-bind-try', path, path]),
        ...['--size', String(scratch.maxBytes), '--tmpfs', scratch.folder],
        ...['--bind', output.file, output.file],
        // What stands between the mounts is a file system in memory of bubblewrap's own making.
        ...['--remount-ro', '/'],
        ...['--chdir', cwd, '--'],
        ...['prlimit', `--fsize=${output.maxBytes}`, '--core=0', `--nproc=${maxProcesses}`, command, ...args],
      ],
    ]
  }

export type CellFound =
  | { readonly found: true; readonly program: string }
  | { readonly found: false; readonly reason: string }

/** Whether cells can be made here, found out by making one. */
export const findCell = async (program = 'bwrap'): Promise<CellFound> => {
  const output = { file: '/dev/null', maxBytes: 1_000 }
  const scratch = { folder: '/scratch', maxBytes: 1_000_000 }
  const request = { readable: [dirname(process.execPath)], output, scratch, cwd: '/', maxProcesses: 50 }
  const [command, args] = cell(program, request)('/bin/sh', ['-c', 'exit 0'])
  try {
    const tried = await runProcess({ command, args, cwd: tmpdir(), env: scrubbedEnvironment(), timeoutMs: 10_000 })
    if (tried.exitCode === 0) return { found: true, program }
    return { found: false, reason: `${program} does not work here: ${tried.stderr.trim().split('\n')[0] ?? ''}` }
  } catch (error) {
    return { found: false, reason: messageOf(error) }
  }
}
