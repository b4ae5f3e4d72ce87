import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { JsonObject } from '../../src/domain/json.ts'
import { checkPipelineSpec } from '../../src/pipelines/parse-pipeline.ts'
import { runProcess, scrubbedEnvironment } from '../../src/processes/run-process.ts'
import { sharedEnvironments } from '../automl/environments.ts'
import { inlined } from './inlined.ts'

const folder = join(import.meta.dirname, 'twins')

const output = async (command: string, args: readonly string[], stdin = ''): Promise<JsonObject> => {
  const request = { command, args, cwd: folder, env: scrubbedEnvironment(), stdin, maxOutputBytes: 8 * 1024 * 1024 }
  const { exitCode, stdout, stderr } = await runProcess(request)
  if (exitCode !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as JsonObject
}

/** Images are compared without their registry. */
const plain = (spec: unknown): JsonObject =>
  inlined(JSON.parse(JSON.stringify(spec).replace(/"image":"[\w-]+\.io\//g, '"image":"')) as JsonObject)

const names = [
  ...['hello', 'parameters', 'texts', 'outputs', 'artifacts', 'containers', 'importing', 'beans'],
  ...['branches', 'one-of-artifact', 'nested-conditions', 'guarded', 'ignoring', 'settings', 'order', 'nested'],
  ...['loop-raw', 'loop-parameter', 'loop-output', 'loop-fields', 'loop-nested', 'loop-artifacts', 'collected'],
]

describe('a pipeline and its twin in Python', () => {
  let python: string
  let theirs: JsonObject
  let ours: JsonObject
  beforeAll(async () => {
    python = (await sharedEnvironments().ensure(['kfp==2.17.0'])).python
    const beans = await readFile(join(import.meta.dirname, '../pipelines/fixtures/beans.yaml'), 'utf8')
    theirs = { ...(await output(python, ['-W', 'ignore', 'twins.py'])), beans: parse(beans) as JsonObject }
    ours = await output(process.execPath, ['print-twins.ts'])
  }, 300_000)

  it('are both there', () => {
    expect(Object.keys(ours).sort()).toEqual([...names].sort())
    expect(Object.keys(theirs).sort()).toEqual([...names].sort())
  })

  it.each(names)('%s compiles to the same', (name) => {
    expect(plain(ours[name])).toEqual(plain(theirs[name]))
  })

  it.each(names)('%s passes our own check', (name) => {
    expect(checkPipelineSpec(ours[name], name).pipelineInfo.name).toBe(name)
  })

  it('kfp loads them all and puts them into a pipeline', async () => {
    const loaded = await output(python, ['-W', 'ignore', 'load_all.py'], JSON.stringify(ours))
    expect(Object.keys(loaded).sort()).toEqual([...names].sort())
    expect(loaded['outputs']).toEqual({ inputs: ['x'], outputs: ['low', 'model', 'sum'], components: 5 })
  })
})
