import { digestJson } from '../../src/domain/digest.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import type { Compiler } from '../../src/domain/ports/compiler.ts'

type ReadFile = (commit: string, path: string) => Promise<string | undefined>

/** Compiles what a file of a commit says as JSON; the folder of the fake host's checkout is the commit. */
export const createFakeCompiler = (readFile: ReadFile) => {
  const compiled: string[] = []
  /** What a compilation waits for. */
  const gate = { open: Promise.resolve() }
  const compiler: Compiler = {
    fingerprint: async () => digestJson('fake compiler 1'),
    compile: async (folder, source) => {
      compiled.push(folder)
      await gate.open
      const file = source.kind === 'template' ? source.template : source.file
      const text = await readFile(folder, file)
      if (text === undefined) return { ok: false, error: `there is no ${file}`, details: [], log: '' }
      try {
        const ir = JSON.parse(text) as JsonObject
        return { ok: true, ir, irDigest: digestJson(ir), log: 'compiled' }
      } catch (error) {
        const details = [`${file}:1:1: ${(error as Error).message}`]
        return { ok: false, error: `${file} does not compile`, details, log: '' }
      }
    },
  }
  return { compiler, compiled, gate }
}
