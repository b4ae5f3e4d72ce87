import { realpathSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, relative, sep } from 'node:path'
import { messageOf } from '../domain/errors.ts'
import { type Enclose, runProcess } from './run-process.ts'
import { scrubbedEnvironment } from './scrubbed-environment.ts'

/** What a sandbox makes of a path of this machine. Everything not named can be read and not written. */
export interface SandboxPath {
  readonly path: string
  readonly as: 'hidden' | 'readable' | 'writable'
}

const order = { hidden: 0, readable: 1, writable: 2 } as const
const depthOf = (path: string): number => path.split(sep).filter((part) => part !== '').length

/** True for the folder itself and all below it. */
export const isInside = (path: string, folder: string): boolean => {
  const way = relative(folder, path)
  return way === '' || (!way.startsWith('..') && !isAbsolute(way))
}

const existing = (path: string): { path: string; isFolder: boolean } | undefined => {
  try {
    const real = realpathSync(path)
    return { path: real, isFolder: statSync(real).isDirectory() }
  } catch {
    return undefined
  }
}

/**
 * Mounts from the outermost inwards, so that the innermost word on a path counts: a hidden folder may hold a readable
 * one, which may hold a hidden one. Paths that are not there are left out.
 */
const mountArguments = (paths: readonly SandboxPath[]): readonly string[] => {
  const found = paths.flatMap(({ path, as }) => {
    const there = existing(path)
    return there === undefined ? [] : [{ ...there, as }]
  })
  found.sort((a, b) => depthOf(a.path) - depthOf(b.path) || order[a.as] - order[b.as])
  return found.flatMap(({ path, as, isFolder }) => {
    if (as === 'hidden') return isFolder ? ['--tmpfs', path] : ['--ro-bind', '/dev/null', path]
    return [as === 'readable' ? '--ro-bind' : '--bind', path, path]
  })
}

/** What no task has to see of any machine: others' temporary files, sockets of services, keys. */
const machinePaths: readonly SandboxPath[] = [
  ...['/tmp', '/var/tmp', '/run', '/home', '/root', '/etc/shadow', '/etc/gshadow', '/etc/ssh', '/var/lib/docker'].map(
    (path) => ({ path, as: 'hidden' }) as const,
  ),
  // Often a link into /run.
  { path: '/etc/resolv.conf', as: 'readable' },
]

export interface SandboxRequest {
  readonly paths: readonly SandboxPath[]
  /** Where the command starts; a path as the command sees it. */
  readonly cwd: string
  readonly network: boolean
  /** Keeps the process ids of the machine, for a command that names its children by them and ends them, and itself, without us. */
  readonly sharedProcesses?: boolean
}

/** Puts bubblewrap around a command: a file system of its own making, no other processes to see, no rights beyond files. */
export const bubblewrap =
  (program: string, { paths, cwd, network, sharedProcesses = false }: SandboxRequest): Enclose =>
  (command, args) => [
    program,
    [
      ...['--ro-bind', '/', '/', '--dev', '/dev'],
      ...(sharedProcesses ? [] : ['--proc', '/proc', '--unshare-pid', '--die-with-parent']),
      ...mountArguments([...machinePaths, ...paths]),
      ...['--unshare-ipc', ...(network ? [] : ['--unshare-net'])],
      // What root may do to files it may still do, to those that it can see; it may mount, trace and load nothing.
      ...['--cap-drop', 'ALL', ...(process.getuid?.() === 0 ? ['--cap-add', 'CAP_DAC_OVERRIDE'] : [])],
      ...['--chdir', cwd, '--', command, ...args],
    ],
  ]

export type BubblewrapFound =
  | { readonly found: true; readonly program: string; readonly version: string }
  | { readonly found: false; readonly reason: string }

const probeMs = 10_000

/** Finds bubblewrap by running something in it: where it is installed, the kernel may still not let it work. */
export const findBubblewrap = async (program = 'bwrap'): Promise<BubblewrapFound> => {
  const base = { cwd: tmpdir(), env: scrubbedEnvironment(), timeoutMs: probeMs }
  try {
    const version = await runProcess({ ...base, command: program, args: ['--version'] })
    const [command, args] = bubblewrap(program, { paths: [], cwd: '/', network: true })('/bin/sh', ['-c', 'exit 0'])
    const tried = await runProcess({ ...base, command, args })
    if (tried.exitCode === 0)
      return { found: true, program, version: version.stdout.trim().replace(/^bubblewrap /, '') }
    return { found: false, reason: `${program} does not work here: ${tried.stderr.trim().split('\n')[0] ?? ''}` }
  } catch (error) {
    return { found: false, reason: messageOf(error) }
  }
}
