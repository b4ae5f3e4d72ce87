import { digestJson } from '../../domain/digest.ts'
import { isFault } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { CompileResult } from '../../domain/ports/compiler.ts'
import { parsePipeline } from '../../pipelines/parse-pipeline.ts'
import { describeRequests, platformRequests } from '../../pipelines/platform-requests.ts'
import type { CompileLimits } from './compiler.ts'
import { findRepositoryFile, readCapped } from './repository-file.ts'

/** A pipeline that is compiled already, YAML or JSON. */
export const compileIr = async (folder: string, file: string, limits: CompileLimits): Promise<CompileResult> => {
  const refuse = (error: string): CompileResult => ({ ok: false, error, details: [], log: '' })
  const found = await findRepositoryFile(folder, file)
  if ('error' in found) return refuse(found.error)
  const text = await readCapped(found.path, limits.maxIrBytes)
  if (text === undefined)
    return refuse(`${file} is larger than the ${limits.maxIrBytes} bytes that a pipeline may have`)
  return checkedIr(text, file, '')
}

/**
 * The IR that a build keeps: the pipeline spec, and beside its members the platform spec under `platformSpec` where
 * there is one. Its digest is over all of it, whatever the order of keys.
 */
export const checkedIr = (text: string, file: string, log: string): CompileResult => {
  try {
    const { spec, platformSpec, job } = parsePipeline(text, file)
    const { platformSpec: _, platform_spec: __, ...bare } = spec as unknown as JsonObject
    const ir: JsonObject = platformSpec === null ? bare : { ...bare, platformSpec }
    const notes = [
      ...(platformSpec === null
        ? []
        : describeRequests(platformRequests(platformSpec), spec).map((line) => `asked of the platform: ${line}`)),
      ...(job === null || Object.keys(job.parameters).length === 0
        ? []
        : [
            `${file} brings values for ${Object.keys(job.parameters).join(', ')}; winnow.yaml's parameters: count instead`,
          ]),
    ]
    return { ok: true, ir, irDigest: digestJson(ir), log: [log, ...notes].filter((line) => line !== '').join('\n') }
  } catch (fault) {
    if (!isFault(fault, 'pipeline_invalid')) throw fault
    return { ok: false, error: fault.message, details: fault.details, log }
  }
}
