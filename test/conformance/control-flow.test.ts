import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { type Outcome, openRuns } from './control-flow.ts'

/**
 * What the pipelines of fixtures/control-flow come to: the file, the parameters, the job's state, its outputs, and every
 * task that ran, was skipped or failed, with what it said or its state.
 */
type Row = [name: string, parameters: JsonObject, state: Outcome['state'], outputs: JsonObject, tasks: JsonObject]
const rows = JSON.parse(
  readFileSync(join(import.meta.dirname, 'fixtures', 'control-flow', 'expected.json'), 'utf8'),
) as Row[]

let runs: Awaited<ReturnType<typeof openRuns>>
beforeAll(async () => {
  runs = await openRuns()
})
afterAll(() => runs[Symbol.asyncDispose]())

describe('compiled pipelines, run by the engine', () => {
  it.each(rows)('%s %j', async (name, parameters, state, outputs, tasks) => {
    const outcome = await runs.run(name, parameters)
    expect(outcome).toMatchObject({ state, error: state === 'succeeded' ? null : expect.any(String) })
    expect(outcome.outputs).toEqual(outputs)
    expect(outcome.tasks).toEqual(tasks)
    // Nothing runs twice, however many tasks end at once.
    expect(Math.max(...Object.values(outcome.attempts))).toBeLessThanOrEqual(1)
  })

  it('tries tasks, turns of loops and whole sub-pipelines again, and no more often than they say', async () => {
    const { state, error, outputs, tasks, attempts } = await runs.run('retried', { folder: runs.root })
    expect(state).toBe('failed')
    expect(error).toMatch(/^root\.flaky-2: /)
    expect(outputs).toEqual({ Output: 2 })
    expect(tasks).toEqual({
      flaky: 3,
      'flaky-2': 'failed',
      'for-loop-2[0].flaky-3': 2,
      'for-loop-2[1].flaky-3': 2,
      'twice.flaky': 1,
      'twice.flaky-2': 'failed',
      'twice~2.flaky': 2,
      'twice~2.flaky-2': 2,
    })
    expect(attempts).toMatchObject({ flaky: 3, 'flaky-2': 2, 'twice.flaky': 1, 'twice~2.flaky': 1 })
  })
})
