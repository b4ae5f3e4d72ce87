import { Fault } from '../../domain/errors.ts'
import { findBubblewrap } from '../../processes/bubblewrap.ts'
import { removeLeftovers } from './containers/container-run.ts'
import { type ContainerMode, type Containers, openContainers } from './containers/containers.ts'
import { platformLabel } from './containers/image-work.ts'
import { createSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts'

/** `auto`: where bubblewrap works. `require`: nowhere else, and each task in a sandbox of its own. */
export type SandboxMode = 'auto' | 'require' | 'off'

export interface IsolationOptions extends Omit<SandboxOptions, 'program' | 'shared'> {
  readonly containers: ContainerMode
  readonly sandbox: SandboxMode
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void
}

/** How this machine keeps tasks apart from itself. */
export interface Isolation {
  readonly containers: Containers
  readonly sandbox?: Sandbox
}

const openSandbox = async ({ sandbox, log, ...options }: IsolationOptions): Promise<Sandbox | undefined> => {
  if (sandbox === 'off') return undefined
  const found = await findBubblewrap()
  if (found.found) {
    log('tasks run in sandboxes', { program: found.program, version: found.version })
    return createSandbox({ ...options, program: found.program, shared: sandbox === 'auto' })
  }
  if (sandbox === 'require')
    throw new Fault('config_invalid', `The sandbox that the configuration requires does not work: ${found.reason}`, {
      remedy: 'Install bubblewrap (on Debian and Ubuntu: apt install bubblewrap), or set sandbox: auto.',
    })
  log('tasks run without a sandbox', { reason: found.reason })
  return undefined
}

const openWithLog = async ({ containers: mode, root, log }: IsolationOptions): Promise<Containers> => {
  const containers = await openContainers(mode)
  if (typeof containers === 'string') return containers
  if (containers.kind === 'missing') log('no containers can be run', { reason: containers.reason })
  else {
    const { program, version } = containers
    const leftovers = await removeLeftovers(containers, platformLabel(root))
    log('containers are run', { program, version, ...(leftovers > 0 ? { leftoversRemoved: leftovers } : {}) })
  }
  return containers
}

/** Finds what there is, once, and says it in the log; containers that an earlier life left are removed. */
export const openIsolation = async (options: IsolationOptions): Promise<Isolation> => {
  const [containers, sandbox] = await Promise.all([openWithLog(options), openSandbox(options)])
  return { containers, ...(sandbox === undefined ? {} : { sandbox }) }
}
