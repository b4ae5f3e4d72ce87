import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parametersInFile, runtimeParameters } from './runtime-config.ts'

const spec = (schemaVersion: string) => ({
  pipelineInfo: { name: 'p' },
  schemaVersion,
  root: {
    dag: { tasks: {} },
    inputDefinitions: { parameters: { n: { type: 'INT' }, x: { type: 'DOUBLE' }, s: { type: 'STRING' } } },
  },
})

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-runtime-config-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('a job of schema 2.0.0 brings its typed parameters as plain ones, and a bare spec brings none', async () => {
  const runtimeConfig = { parameters: { n: { intValue: '3' }, s: { stringValue: 'a' } } }
  const job = { pipelineSpec: spec('2.0.0'), runtimeConfig }
  await writeFile(join(folder, 'job.json'), JSON.stringify(job))
  await writeFile(join(folder, 'bare.yaml'), JSON.stringify(spec('2.1.0')))
  expect(await parametersInFile(join(folder, 'job.json'))).toEqual({ n: 3, s: 'a' })
  expect(await parametersInFile(join(folder, 'bare.yaml'))).toEqual({})
  expect(await parametersInFile(join(folder, 'source.py'))).toEqual({})
})

it('each schema gets parameters in its own form', () => {
  expect(runtimeParameters(spec('2.1.0'), { n: 3, x: 3 })).toEqual({ parameterValues: { n: 3, x: 3 } })
  expect(runtimeParameters(spec('2.0.0'), { n: 3, x: 3, s: 'a' })).toEqual({
    parameters: { n: { intValue: '3' }, x: { doubleValue: 3 }, s: { stringValue: 'a' } },
  })
})
