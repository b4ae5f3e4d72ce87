import { writeFile } from 'node:fs/promises'
import type { CompileResult, Compiler } from '../../domain/ports/compiler.ts'
import { type CellFound, cell } from '../../processes/cell.ts'
import { limitProcesses } from '../../processes/process-limit.ts'
import type { PythonEnvironments } from '../../processes/python-environments.ts'
import { runProcess } from '../../processes/run-process.ts'
import { type CompileLimits, createCompiler } from './compiler.ts'
import { type Run, refusal } from './confined.ts'

/** Tighter than for code of the repository's own people; kfp with the Google Cloud components takes 0.4 GB. */
const defaultLimits: CompileLimits = {
  timeout: 120_000,
  memoryBytes: 2 * 1024 ** 3,
  maxIrBytes: 4 * 1024 ** 2,
}
const scratchBytes = 64 * 1024 ** 2
const maxProcesses = 64

/** Runs in a cell, see processes/cell.ts. What it may leave is one file. */
const runInCell =
  (program: string, maxBytes: number): Run =>
  async (request, signal, { root, scratch, output, readable }) => {
    await writeFile(output, '', { flag: 'wx' })
    const group = limitProcesses(maxProcesses)
    const enclosed = cell(program, {
      readable: [...readable, root],
      output: { file: output, maxBytes },
      scratch: { folder: scratch, maxBytes: scratchBytes },
      cwd: root,
      maxProcesses,
    })
    try {
      return await runProcess(
        {
          ...request,
          enclose: (command, args) => {
            const inside = enclosed(command, args)
            return group === undefined ? inside : group.enclose(...inside)
          },
        },
        signal,
      )
    } finally {
      group?.close()
    }
  }

/**
 * Compiles what nobody has vouched for, a fork's code: in a cell, cold, under tighter limits. What it says is text of a
 * stranger, so it is cut. Where no cell can be made nothing is run.
 */
export const createForeignCompiler = (options: {
  readonly environments: PythonEnvironments
  readonly found: CellFound
  readonly limits?: Partial<CompileLimits>
}): Compiler => {
  const { environments, found } = options
  const limits = { ...defaultLimits, ...options.limits }
  const run: Run = found.found
    ? runInCell(found.program, limits.maxIrBytes)
    : () => Promise.reject(new Error('no cell'))
  const compiler = createCompiler({ environments, limits, run })
  return {
    fingerprint: compiler.fingerprint,
    async compile(folder, source, signal) {
      if (!found.found)
        return refusal(`the code of a fork is compiled in a sandbox or not at all, and there is none: ${found.reason}`)
      return cut(await compiler.compile(folder, source, signal))
    },
  }
}

const cut = (result: CompileResult): CompileResult => {
  const log = result.log.slice(-20_000)
  if (result.ok) return { ...result, log }
  const details = result.details.slice(0, 20).map((line) => line.slice(0, 500))
  return { ok: false, error: result.error.slice(0, 1_000), details, log }
}
