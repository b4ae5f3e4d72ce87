import { resolve } from 'node:path'
import { isJsonObject, type JsonObject } from '../domain/json.ts'
import type { PipelineSpec } from '../pipelines/ir.ts'
import { checkPipelineSpec } from '../pipelines/parse-pipeline.ts'
import { type ClientOptions, dataFolderOf } from './client.ts'
import { compileFile, pythonOf } from './compile-file.ts'

export interface SourceOptions extends ClientOptions {
  readonly function?: string
  readonly requirements?: string
}

/** The pipeline of a file, compiled where it has to be: what runs, and what it asks of a platform beyond that. */
export const compiledPipeline = async (
  file: string,
  options: SourceOptions,
  signal: AbortSignal,
): Promise<{ readonly spec: PipelineSpec; readonly platformSpec: JsonObject | null }> => {
  const progress = (line: string): void => void process.stderr.write(`${line}\n`)
  const cacheFolder = resolve(dataFolderOf(options))
  const { platformSpec, ...ir } = await compileFile(file, { ...options, ...pythonOf(), cacheFolder, progress }, signal)
  return { spec: checkPipelineSpec(ir, file), platformSpec: isJsonObject(platformSpec) ? platformSpec : null }
}
