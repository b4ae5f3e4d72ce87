import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { access, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, digestJson, shortDigest } from '../domain/digest.ts'
import { Fault, messageOf } from '../domain/errors.ts'
import { installEnvironment } from './environment-installer.ts'
import { withFileLock } from './file-lock.ts'
import { inProcessScope } from './process-scope.ts'
import { findPython, type PythonInterpreter } from './python-interpreter.ts'

export interface PythonEnvironment {
  /** The environment's Python, an absolute path. */
  readonly python: string
  readonly folder: string
  /** Of the installed versions, the Python and the platform. */
  readonly lock: Digest
}

export interface PythonEnvironments {
  /**
   * The environment that holds these requirements, made if there is none yet. Each is a line of a requirements file;
   * `--no-deps NAME` installs a package without what it asks for. Raises python_missing or environment_failed.
   */
  ensure(
    requirements: readonly string[],
    signal?: AbortSignal,
    progress?: (line: string) => void,
  ): Promise<PythonEnvironment>
}

/** Says that an environment is whole. It is written last, and names the folder: what it does not name is rubbish. */
interface Marker {
  readonly folder: string
  readonly lock: Digest
  readonly requirements: readonly string[]
}

interface Build {
  readonly result: Promise<PythonEnvironment>
  readonly abort: AbortController
  readonly listeners: Set<(line: string) => void>
  waiting: number
}

const normalise = (requirements: readonly string[]): readonly string[] =>
  [...new Set(requirements.map((line) => line.trim()).filter((line) => line !== ''))].sort()

const readMarker = async (path: string): Promise<Marker | undefined> => {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Marker
  } catch {
    return undefined
  }
}

const writeWhole = async (path: string, text: string): Promise<void> => {
  const draft = `${path}.${randomBytes(4).toString('hex')}.draft`
  const file = await open(draft, 'w')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
}

/**
 * Virtual environments under `folder`, found by the hash of requirements, Python and platform. An environment never
 * moves (its scripts hold its path): each build has a fresh folder, and a marker written last makes it the one.
 */
export const createPythonEnvironments = (options: { folder: string; python?: string }): PythonEnvironments => {
  const { folder } = options
  const builds = new Map<string, Build>()
  /** Those that were whole when they were last asked for. */
  const found = new Map<string, PythonEnvironment>()
  let interpreter: Promise<PythonInterpreter> | undefined

  const pythonOf = async (): Promise<PythonInterpreter> => {
    interpreter ??= findPython(options.python ?? 'python3')
    try {
      return await interpreter
    } catch (fault) {
      interpreter = undefined
      throw fault
    }
  }

  const lookUp = async (name: string): Promise<PythonEnvironment | undefined> => {
    const marker = await readMarker(join(folder, `${name}.json`))
    if (marker === undefined) return undefined
    const home = join(folder, marker.folder)
    const python = join(home, 'bin', 'python')
    const usable = await access(python).then(
      () => true,
      () => false,
    )
    return usable ? { python, folder: home, lock: marker.lock } : undefined
  }

  /** Removes what builders that died have left; only under the lock, where no builder of this name is alive. */
  const clear = async (name: string): Promise<void> => {
    for (const entry of await readdir(folder))
      if (entry.startsWith(`${name}-`)) await rm(join(folder, entry), { recursive: true, force: true, maxRetries: 3 })
  }

  const build = async (
    name: string,
    python: PythonInterpreter,
    requirements: readonly string[],
    signal: AbortSignal,
    progress: (line: string) => void,
  ): Promise<PythonEnvironment> => {
    await mkdir(folder, { recursive: true })
    return withFileLock(join(folder, `${name}.lock`), python.path, signal, async () => {
      const known = await lookUp(name)
      if (known !== undefined) return known
      await clear(name)
      const home = `${name}-${randomBytes(4).toString('hex')}`
      try {
        await mkdir(join(folder, home))
        // The installer's first steps say nothing for seconds.
        progress('the Python environment is being made')
        const lock = await installEnvironment({ python, folder: join(folder, home), requirements, signal, progress })
        const marker: Marker = { folder: home, lock, requirements }
        await writeWhole(join(folder, `${name}.json`), `${JSON.stringify(marker, null, 2)}\n`)
        return { python: join(folder, home, 'bin', 'python'), folder: join(folder, home), lock }
      } catch (fault) {
        await rm(join(folder, home), { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
        throw fault
      }
    })
  }

  const shareBuild = (name: string, python: PythonInterpreter, requirements: readonly string[]): Build => {
    const known = builds.get(name)
    if (known !== undefined && !known.abort.signal.aborted) return known
    const abort = new AbortController()
    const listeners = new Set<(line: string) => void>()
    const tell = (line: string): void => {
      for (const listener of listeners) listener(line)
    }
    // Outside the scope of whoever asked first: its end must not kill what others wait for.
    const work = () => build(name, python, requirements, abort.signal, tell)
    const result = inProcessScope(undefined, work).finally(() => {
      if (builds.get(name) === made) builds.delete(name)
    })
    result.catch(() => {})
    const made: Build = { result, abort, listeners, waiting: 0 }
    builds.set(name, made)
    return made
  }

  /** One build serves all who wait for it; it is given up when the last of them has gone. */
  const wait = async (shared: Build, signal?: AbortSignal, progress?: (line: string) => void) => {
    let leave = (): void => {}
    const gone = new Promise<never>((_, reject) => {
      leave = () => reject(signal?.reason)
    })
    shared.waiting += 1
    if (progress !== undefined) shared.listeners.add(progress)
    signal?.addEventListener('abort', leave, { once: true })
    try {
      return await Promise.race([shared.result, gone])
    } finally {
      signal?.removeEventListener('abort', leave)
      if (progress !== undefined) shared.listeners.delete(progress)
      shared.waiting -= 1
      if (shared.waiting === 0) shared.abort.abort(signal?.reason)
    }
  }

  return {
    async ensure(asked, signal, progress) {
      signal?.throwIfAborted()
      const requirements = normalise(asked)
      const python = await pythonOf()
      const { path, version, platform } = python
      const name = `python-${shortDigest(digestJson({ requirements, path, version, platform }))}`
      const last = found.get(name)
      if (last !== undefined && existsSync(last.python)) return last
      const known = await lookUp(name)
      if (known !== undefined) {
        found.set(name, known)
        return known
      }
      try {
        return await wait(shareBuild(name, python, requirements), signal, progress)
      } catch (fault) {
        signal?.throwIfAborted()
        if (fault instanceof Fault) throw fault
        if ((fault as NodeJS.ErrnoException).code === 'ENOSPC')
          throw new Fault('disk_full', `the Python environment could not be made: no space is left for ${folder}`, {
            remedy: 'make room there, or put the environments elsewhere',
            cause: fault,
          })
        throw new Fault('environment_failed', `the Python environment could not be made: ${messageOf(fault)}`, {
          remedy: `check that ${folder} can be written and has room`,
          cause: fault,
        })
      }
    },
  }
}
