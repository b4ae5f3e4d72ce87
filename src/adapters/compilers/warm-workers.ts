import { fileURLToPath } from 'node:url'
import type { PythonEnvironment } from '../../processes/python-environments.ts'
import type { CompileReport } from './compile-report.ts'
import { coldRun, type Run } from './confined.ts'
import type { Isolate } from './isolation.ts'
import { compileEnvironment, type PythonRun } from './python-source.ts'
import { startWarmWorker, type WarmWorker } from './warm-worker.ts'

const script = fileURLToPath(new URL('python/compile_worker.py', import.meta.url))
/** Each holds some 100 MB. */
const mostWorkers = 3
const idleMs = 10 * 60_000
/** Only prebuilt components are imported ahead: what else a source needs is its own affair, and may not survive a fork. */
const prebuilt = /^google_cloud_pipeline_components(\.\w+)*$/
const mostModules = 500

interface Entry {
  readonly worker: WarmWorker
  readonly preloaded: Set<string>
  idle: NodeJS.Timeout | undefined
  lastUsed: number
}

export interface WarmWorkers extends AsyncDisposable {
  runIn(environment: PythonEnvironment): PythonRun
}

/**
 * One worker for each Python environment that compiles, a few at most; the one that was idle longest makes room, and each ends
 * after a while without work. What a worker cannot do is done by a process of its own, once.
 */
export const createWarmWorkers = (options: {
  readonly isolate: Isolate
  readonly memoryBytes: number
}): WarmWorkers => {
  const { isolate, memoryBytes } = options
  const entries = new Map<string, Entry>()
  const unfit = new Set<string>()
  const cold = coldRun(isolate)

  const drop = (folder: string): Promise<void> => {
    const entry = entries.get(folder)
    if (entry === undefined) return Promise.resolve()
    entries.delete(folder)
    clearTimeout(entry.idle)
    return entry.worker.close()
  }

  const makeRoom = (): boolean => {
    if (entries.size < mostWorkers) return true
    const [oldest] = [...entries]
      .filter(([, { worker }]) => worker.busy === 0)
      .sort(([, a], [, b]) => a.lastUsed - b.lastUsed)
    if (oldest === undefined) return false
    void drop(oldest[0])
    return true
  }

  const entryFor = async (environment: PythonEnvironment, signal: AbortSignal): Promise<Entry | undefined> => {
    const { folder, python } = environment
    const plain = [python, script, String(memoryBytes)] as const
    const command = await isolate([...plain, '1'], signal)
    const known = entries.get(folder)
    if (known?.worker.unfit) unfit.add(folder)
    if (known !== undefined && !known.worker.gone) return known
    if (known !== undefined) await drop(folder)
    if (unfit.has(folder) || !makeRoom()) return undefined
    // Where this machine cannot shut a process away, the children of a worker are as open as any other compile.
    const worker = startWarmWorker(
      command[0] === python ? [...plain, '0'] : command,
      compileEnvironment(environment, '/nonexistent'),
    )
    const made: Entry = { worker, preloaded: new Set(), idle: undefined, lastUsed: performance.now() }
    entries.set(folder, made)
    return made
  }

  const warmRun =
    (environment: PythonEnvironment): Run =>
    async (request, signal, room) => {
      const entry = await entryFor(environment, signal)
      if (entry === undefined) return cold(request, signal, room)
      clearTimeout(entry.idle)
      // The script that it runs is the first argument: a worker has that one already.
      const result = await entry.worker.run(request.args.slice(1), request, signal)
      entry.lastUsed = performance.now()
      clearTimeout(entry.idle)
      if (entry.worker.busy === 0) entry.idle = setTimeout(() => void drop(environment.folder), idleMs).unref()
      if (entry.worker.gone) void drop(environment.folder)
      if (entry.worker.unfit) unfit.add(environment.folder)
      return result ?? cold(request, signal, room)
    }

  const preload = (environment: PythonEnvironment, report: CompileReport): void => {
    const entry = entries.get(environment.folder)
    if (entry === undefined || report.kind !== 'pipeline') return
    const fresh = report.modules.filter((name) => prebuilt.test(name) && !entry.preloaded.has(name))
    if (fresh.length === 0 || entry.preloaded.size + fresh.length > mostModules) return
    for (const name of fresh) entry.preloaded.add(name)
    entry.worker.preload(fresh)
  }

  return {
    runIn: (environment) => ({
      run: warmRun(environment),
      compiled: (report) => preload(environment, report),
    }),
    async [Symbol.asyncDispose]() {
      await Promise.all([...entries.keys()].map(drop))
    },
  }
}
