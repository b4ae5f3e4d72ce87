import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, extname, join, relative, resolve } from 'node:path'
import { createCompiler } from '../adapters/compilers/compiler.ts'
import type { PipelineSource } from '../domain/build.ts'
import { Fault } from '../domain/errors.ts'
import type { JsonObject } from '../domain/json.ts'
import { createPythonEnvironments } from '../processes/python-environments.ts'
import { tellEnvironment } from './tell-environment.ts'

export interface CompileOptions {
  readonly function?: string
  readonly requirements?: string
  readonly python?: string
  /** Where Python environments are cached. */
  readonly cacheFolder: string
  /** Told what takes time. */
  readonly progress: (line: string) => void
}

/**
 * Compiles a pipeline file where it stands: Python by kfp or TFX, TypeScript by this installation, YAML or JSON as it is. Once,
 * so cold. Fault `compile_failed` has the user's frames.
 */
export const compileFile = async (file: string, options: CompileOptions, signal: AbortSignal): Promise<JsonObject> => {
  const path = resolve(file)
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw new Fault('usage', `There is no file ${file}`)
  if (!found.isFile()) throw new Fault('usage', `${file} is no file`, { remedy: fileRemedy })
  const folder = dirname(path)
  const source = await sourceOf(path, folder, options)
  const environments = createPythonEnvironments({
    folder: join(options.cacheFolder, 'python'),
    ...(options.python === undefined ? {} : { python: options.python }),
  })
  await using compiler = createCompiler({
    environments: { ensure: (asked, stop) => tellEnvironment(environments, options.progress).ensure(asked, stop) },
  })
  const result = await compiler.compile(folder, source, signal)
  if (!result.ok) throw new Fault('compile_failed', result.error, { details: result.details })
  return result.ir
}

/** The Python that WINNOW_PYTHON names, for environments that this command makes. */
export const pythonOf = (): { python?: string } => {
  const python = process.env['WINNOW_PYTHON']
  return python === undefined ? {} : { python }
}

const sourceOf = async (path: string, folder: string, options: CompileOptions): Promise<PipelineSource> => {
  const file = basename(path)
  switch (extname(path)) {
    case '.py': {
      const requirements =
        options.requirements === undefined ? undefined : relative(folder, resolve(options.requirements))
      const beside = existsSync(join(folder, 'requirements.txt')) ? 'requirements.txt' : undefined
      const chosen = requirements ?? beside
      if (requirements !== undefined && !existsSync(join(folder, requirements)))
        throw new Fault('usage', `There is no requirements file ${options.requirements}`)
      return {
        kind: (await usesTfx(path)) ? 'tfx' : 'kfp',
        file,
        ...(options.function === undefined ? {} : { function: options.function }),
        ...(chosen === undefined ? {} : { requirements: chosen }),
      }
    }
    case '.ts':
    case '.mts':
    case '.js':
    case '.mjs':
      return { kind: 'typescript', file, ...(options.function === undefined ? {} : { export: options.function }) }
    case '.yaml':
    case '.yml':
    case '.json':
      return { kind: 'ir', file }
    default:
      throw new Fault('usage', `${file} is neither Python, TypeScript nor compiled YAML or JSON`, {
        remedy: fileRemedy,
      })
  }
}

const fileRemedy = 'Name a .py, .ts, .yaml or .json file.'

/** A file of TFX imports tfx; one that imports kfp as well means kfp. */
const usesTfx = async (path: string): Promise<boolean> => {
  const text = await readFile(path, 'utf8')
  return /^\s*(?:from|import)\s+tfx\b/m.test(text) && !/^\s*(?:from|import)\s+kfp\b/m.test(text)
}
