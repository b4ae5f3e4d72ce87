import { digestJson } from '../../domain/digest.ts'
import type { Compiler } from '../../domain/ports.ts'
import type { Duration } from '../../domain/time.ts'
import type { PythonEnvironments } from '../../processes/python-environments.ts'
import { compileIr } from './ir.ts'
import { createIsolation } from './isolation.ts'
import { compileKfp, fingerprintKfp } from './kfp.ts'

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
const compilerVersion = 1

/** One compiler for every kind of source. */
export const createCompiler = (options: {
  readonly environments: PythonEnvironments
  readonly limits?: Partial<CompileLimits>
}): Compiler => {
  const limits = { ...defaultLimits, ...options.limits }
  const isolate = createIsolation()
  return {
    async fingerprint(source, readFile) {
      const of = source.kind === 'kfp' ? await fingerprintKfp(source, readFile) : source.kind
      return digestJson({ version: compilerVersion, of })
    },
    compile(folder, source, signal) {
      switch (source.kind) {
        case 'kfp':
          return compileKfp(folder, source, { environments: options.environments, isolate, limits }, signal)
        case 'ir':
          return compileIr(folder, source.file, limits)
      }
    },
  }
}
