import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import type { EngineJobView } from '../../src/platform/engine/job.ts'
import { runProcess, scrubbedEnvironment } from '../../src/processes/run-process.ts'
import { openWorkshop, type Workshop } from '../engine/workshop.ts'

let workshop: Workshop
let specs: JsonObject
beforeAll(async () => {
  workshop = await openWorkshop()
  const request = { command: process.execPath, args: ['twins/print-twins.ts'], cwd: import.meta.dirname }
  const { stdout } = await runProcess({ ...request, env: scrubbedEnvironment(), maxOutputBytes: 8 * 1024 * 1024 })
  specs = JSON.parse(stdout) as JsonObject
})
afterAll(() => workshop?.[Symbol.asyncDispose]())

let runs = 0
const run = async (name: string, parameters: JsonObject = {}): Promise<EngineJobView> => {
  runs += 1
  return workshop.run(`${name}-${runs}`, 'rows', parameters, { spec: specs[name] as JsonObject })
}

/** The values of an output parameter of all tasks of a name, in the order of their paths. */
const valuesOf = (view: EngineJobView, task: string, output = 'Output'): unknown[] =>
  view.tasks
    .filter(({ name, outputs }) => name === task && outputs !== null)
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ outputs }) => outputs?.parameters[output])

const stateOf = (view: EngineJobView, task: string): string | undefined =>
  view.tasks.find(({ name }) => name === task)?.state

describe('a pipeline of TypeScript on the engine', () => {
  it('puts texts together and passes them on', async () => {
    const view = await run('texts', { who: 'bean', n: 2 })
    expect(view.error).toBeNull()
    expect(valuesOf(view, 'say-2')).toEqual(['hello bean, 2 times and bean!'])
    expect(valuesOf(view, 'say-3')).toEqual(['hello bean, 2 times within'])
    expect(JSON.parse(String(valuesOf(view, 'show')[0]))).toEqual({
      value: { deep: ['hello bean, 2 times', { who: 'bean' }], plain: 1 },
      flag: false,
      items: ['bean', 'x'],
    })
  })

  it('gives outputs and artifacts out', async () => {
    const view = await run('outputs', { x: 5 })
    expect(valuesOf(view, 'add')).toEqual([5])
    const fitted = view.tasks.find(({ name }) => name === 'train')
    const model = fitted?.outputs?.artifacts['model']?.[0]
    expect(await readFile(String(model?.uri), 'utf8')).toBe('model of 5 rows')
    expect(fitted?.outputs?.artifacts['metrics']?.[0]?.metadata).toEqual({ rate: 0.25 })
  })

  it.each([
    [0, 'it was heads'],
    [11, 'large'],
    [1, 'it was tails'],
  ])('takes one branch for seed %i', async (seed, said) => {
    expect(valuesOf(await run('branches', { seed }), 'say-4')).toEqual([said])
  })

  it('loops, and collects what the loop gives', async () => {
    const view = await run('collected')
    expect(valuesOf(view, 'total')).toEqual([2 + 3 + 4])
    expect(valuesOf(view, 'merge')).toEqual([3])
  })

  it('knows the fields of items', async () => {
    const view = await run('loop-fields')
    expect(valuesOf(view, 'add')).toEqual([11, 22])
    expect(valuesOf(view, 'add-3')).toEqual([2])
  })

  it('runs a pipeline within a pipeline', async () => {
    expect((await run('nested', { start: 4 })).outputs.parameters).toEqual({ Output: 8 })
  })

  it('runs exit tasks after a failure, with the status of what failed', async () => {
    const view = await run('guarded', { note: 'seen' })
    expect(view.state).toBe('failed')
    expect(valuesOf(view, 'on-exit')).toEqual(['seen: FAILED'])
    expect(valuesOf(view, 'on-exit-2')).toEqual(['second: SUCCEEDED'])
    expect(view.tasks.find(({ name }) => name === 'fail')?.reason).toContain('it fails')
  })

  it('goes on where a failure is ignored', async () => {
    const view = await run('ignoring')
    expect(valuesOf(view, 'on-exit')).toEqual(['told: FAILED'])
    expect(stateOf(view, 'say')).toBe('succeeded')
  })
})
