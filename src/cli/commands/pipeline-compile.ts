import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { stringify } from 'yaml'
import type { ClientOptions } from '../client.ts'
import { dataFolderOf } from '../client.ts'
import { compileFile, pythonOf } from '../compile-file.ts'
import { interruptible } from '../interruptible.ts'

interface Options extends ClientOptions {
  readonly output?: string
  readonly function?: string
  readonly requirements?: string
}

/** `winnow pipeline compile FILE [-o OUT]`: JSON where OUT ends in .json, else YAML. */
export const pipelineCompile = async (file: string, options: Options): Promise<void> => {
  const { output } = options
  const progress = (line: string): void => void process.stderr.write(`${line}\n`)
  const ir = await interruptible((signal) =>
    compileFile(file, { ...options, ...pythonOf(), cacheFolder: resolve(dataFolderOf(options)), progress }, signal),
  )
  const text = output?.endsWith('.json') ? `${JSON.stringify(ir, null, 2)}\n` : stringify(ir)
  if (output === undefined) process.stdout.write(text)
  else await writeFile(output, text)
}
