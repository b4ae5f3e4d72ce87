import { digestJson } from '../../domain/digest.ts'
import type { CompileResult, Compiler } from '../../domain/ports/compiler.ts'
import type { TemplateName } from '../../domain/templates.ts'
import type { Duration } from '../../domain/time.ts'
import { compileTemplate } from '../../pipelines/templates/compile-template.ts'
import type { PythonEnvironments } from '../../processes/python-environments.ts'
import { coldRun, type Run } from './confined.ts'
import { checkedIr, compileIr } from './ir.ts'
import { createIsolation } from './isolation.ts'
import { compilePython, fingerprintPython, type PythonPorts } from './python-source.ts'
import { kfpSdk, tfxSdk } from './sdks.ts'
import { compileTypescript, fingerprintTypescript } from './typescript.ts'
import { createWarmWorkers } from './warm-workers.ts'

export interface CompileLimits {
  /** Of the compile itself; making its environment comes before and takes the time it takes. */
  readonly timeout: Duration
  readonly memoryBytes: number
  readonly maxIrBytes: number
}

/** kfp with the Google Cloud components takes about 0.4 GB and 5 s on a cold disk. */
const defaultLimits: CompileLimits = {
  timeout: 120_000,
  memoryBytes: 4 * 1024 ** 3,
  maxIrBytes: 16 * 1024 ** 2,
}

/** Rises with every change of what a compile makes of the same sources. */
const compilerVersion = 2

/** What a template's pipeline is decided by this version of Winnow alone. */
const compileNamedTemplate = async (template: TemplateName): Promise<CompileResult> =>
  checkedIr(JSON.stringify(await compileTemplate(template)), template, '')

/** One compiler for every kind of source. With `warm` it keeps Pythons that have imported kfp, until it is disposed of. */
export const createCompiler = (options: {
  readonly environments: PythonEnvironments
  readonly limits?: Partial<CompileLimits>
  readonly warm?: boolean
  /** Instead of the plain way to run what is compiled. */
  readonly run?: Run
}): Compiler & AsyncDisposable => {
  const limits = { ...defaultLimits, ...options.limits }
  const isolate = createIsolation()
  const cold = options.run ?? coldRun(isolate)
  const workers = options.warm ? createWarmWorkers({ isolate, memoryBytes: limits.memoryBytes }) : undefined
  const { environments } = options
  const coldPorts: PythonPorts = { environments, limits, runIn: () => ({ run: cold }) }
  const kfpPorts: PythonPorts = workers === undefined ? coldPorts : { ...coldPorts, runIn: workers.runIn }
  return {
    async fingerprint(source, readFile) {
      switch (source.kind) {
        case 'kfp':
          return digestJson({ version: compilerVersion, of: await fingerprintPython(source, kfpSdk, readFile) })
        case 'tfx':
          return digestJson({ version: compilerVersion, of: await fingerprintPython(source, tfxSdk, readFile) })
        case 'typescript':
          return digestJson({ version: compilerVersion, of: await fingerprintTypescript() })
        case 'ir':
          return digestJson({ version: compilerVersion, of: source.kind })
        case 'template':
          return digestJson({ version: compilerVersion, of: source.template })
      }
    },
    compile(folder, source, signal) {
      switch (source.kind) {
        case 'kfp':
          return compilePython(folder, source, kfpSdk, kfpPorts, signal)
        case 'tfx':
          return compilePython(folder, source, tfxSdk, coldPorts, signal)
        case 'ir':
          return compileIr(folder, source.file, limits)
        case 'typescript':
          return compileTypescript(folder, source, { run: cold, limits }, signal)
        case 'template':
          return compileNamedTemplate(source.template)
      }
    },
    async [Symbol.asyncDispose]() {
      await workers?.[Symbol.asyncDispose]()
    },
  }
}
