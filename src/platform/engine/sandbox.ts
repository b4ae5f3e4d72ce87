import { realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bubblewrap, isInside, type SandboxPath } from '../../processes/bubblewrap.ts'
import type { Enclose } from '../../processes/run-process.ts'

/** What one piece of work may see of the folders that are hidden from all tasks, and what it may write. */
export interface SandboxView {
  readonly readable: readonly string[]
  readonly writable: readonly string[]
  /** The job's pipeline root: what lies in it may be an input. */
  readonly artifactRoot: string
  readonly cwd: string
}

/** Keeps the processes of tasks from the rest of the machine. */
export interface Sandbox {
  /** Readable paths that hold a hidden folder, or lie in one without being an artifact's, stay hidden. */
  enclose(view: SandboxView): Enclose
  /**
   * Of a server that runs tasks of all jobs with this pipeline root; undefined where each must have its own. It shows what
   * jobs hand to each other: a task whose inputs lie elsewhere gets undefined, too.
   */
  readonly encloseServer?: (artifactRoot: string, inputs: readonly string[]) => Enclose | undefined
}

export interface SandboxOptions {
  readonly root: string
  /** Whether tasks may run in a server that is in one sandbox with them, and see the folders of all jobs. */
  readonly shared: boolean
  readonly program: string
  readonly network: boolean
  /** The controller's and the platform's own folders. */
  readonly hidden: readonly string[]
  /** Folders that every task may read although they lie in hidden ones: environments, mapped data. */
  readonly readable: readonly string[]
  /** Folders whose content tasks hand to each other; a task is shown only what is its input. */
  readonly artifacts: readonly string[]
}

const realOf = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** Our own files, wherever this installation lies: the redirect of Google's clients, the launchers of components. */
const ownFiles = ['./python', './work/node'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)))

/** The installation that a program belongs to: `/x/bin/python` → `/x`, past links, as environments have them. */
const installationOf = (program: string): string => dirname(dirname(realOf(program)))

export const createSandbox = (options: SandboxOptions): Sandbox => {
  const { program, network, hidden, readable, artifacts, root, shared } = options
  const home = realOf(homedir())
  const secret = [home, ...hidden.map(realOf)]
  /** What the configuration opens may hold the controller's folders, which stay hidden inside it; but not the home. */
  const mayShow = (path: string): boolean => !isInside(home, realOf(path))
  const holdsSecrets = (path: string): boolean => secret.some((folder) => isInside(folder, path))
  const programs = (process.env['PATH'] ?? '').split(delimiter).filter(isAbsolute)
  const pyenv = process.env['PYENV_ROOT']
  const always = [...programs, ...(pyenv === undefined ? [] : [pyenv]), ...ownFiles, process.execPath, ...readable]
  const handedOver = artifacts.map(realOf)

  /** An address that a pipeline made up must not open the door to what is hidden. */
  const mayRead = (path: string, artifactRoot: string): boolean => {
    const real = realOf(path)
    if (holdsSecrets(real)) return false
    const roots = [...handedOver, realOf(artifactRoot)].filter((root) => !holdsSecrets(root))
    return !secret.some((folder) => isInside(real, folder)) || roots.some((root) => isInside(real, root))
  }

  const as =
    (what: SandboxPath['as']) =>
    (path: string): SandboxPath => ({ path, as: what })

  const encloseWith =
    (seen: readonly SandboxPath[], cwd: string, sharedProcesses: boolean): Enclose =>
    (command, args) => {
      const installation = isAbsolute(command) ? [dirname(command), installationOf(command)] : []
      const open = [...always, ...installation].filter(mayShow)
      const paths = [...secret.map(as('hidden')), ...open.map(as('readable')), ...seen]
      return bubblewrap(program, { paths, cwd, network, sharedProcesses })(command, args)
    }

  const encloseServer = (artifactRoot: string, inputs: readonly string[]): Enclose | undefined => {
    const roots = [join(root, 'jobs'), ...artifacts, artifactRoot].filter((path) => !holdsSecrets(realOf(path)))
    const shown = [...roots, ...readable.filter(mayShow)].map(realOf)
    const isShown = (path: string): boolean => shown.some((folder) => isInside(realOf(path), folder))
    if (!inputs.filter((path) => isAbsolute(path)).every(isShown)) return undefined
    return encloseWith(roots.map(as('writable')), '/', true)
  }

  return {
    enclose: (view) => {
      const inputs = view.readable.filter((path) => mayRead(path, view.artifactRoot))
      return encloseWith([...inputs.map(as('readable')), ...view.writable.map(as('writable'))], view.cwd, false)
    },
    ...(shared ? { encloseServer } : {}),
  }
}
