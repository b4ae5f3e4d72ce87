import { tmpdir } from 'node:os'
import { runProcess, scrubbedEnvironment } from '../../processes/run-process.ts'

export type Command = readonly [string, ...string[]]

/** The command that runs this one out of sight of our other processes, where the machine can do that; else as it is. */
export type Isolate = (command: Command, signal: AbortSignal) => Promise<Command>

/**
 * A namespace of its own for users, mounts and processes. Without it, code that runs as our user reads the controller's
 * environment, secrets and all, from /proc, and leaves daemons behind. The network stays: components may be
 * loaded from addresses.
 */
const unshare: Command = ['unshare', '--user', '--map-current-user', '--pid', '--fork', '--kill-child', '--mount-proc']

/** Linux with user namespaces only; asked once, because a container or an administrator may have turned them off. */
export const createIsolation = (): Isolate => {
  let works: Promise<boolean> | undefined
  const probe = async (): Promise<boolean> => {
    const [command, ...args] = [...unshare, 'true'] as const
    const env = scrubbedEnvironment()
    const result = await runProcess({ command, args, cwd: tmpdir(), env, timeoutMs: 10_000 }).catch(() => undefined)
    return result?.exitCode === 0
  }
  return async (command, signal) => {
    works ??= process.platform === 'linux' ? probe() : Promise.resolve(false)
    const isolated = await works
    signal.throwIfAborted()
    return isolated ? [...unshare, '--', ...command] : command
  }
}
