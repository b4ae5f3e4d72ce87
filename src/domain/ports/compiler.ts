import type { PipelineSource } from '../build.ts'
import type { Digest } from '../digest.ts'
import type { JsonObject } from '../json.ts'

export type CompileResult =
  | { readonly ok: true; readonly ir: JsonObject; readonly irDigest: Digest; readonly log: string }
  | { readonly ok: false; readonly error: string; readonly details: readonly string[]; readonly log: string }

/** Compiles a source in a checkout to KFP IR. A pipeline that does not compile is a value; a machine that cannot compile is a Fault. */
export interface Compiler {
  /** Digest of what decides the result besides the sources: the compiler's version and the requirements' lock. */
  fingerprint(source: PipelineSource, readFile: (path: string) => Promise<string | undefined>): Promise<Digest>
  compile(folder: string, source: PipelineSource, signal: AbortSignal): Promise<CompileResult>
}
