import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { compile, defineComponent, integer, type Pipeline, pipeline } from '../src/pipelines/authoring/index.ts'
import { createPythonEnvironments } from '../src/processes/python-environments.ts'
import { percentile } from './percentile.ts'
import type { Figure } from './run.ts'
import { milliseconds } from './stage.ts'

const steps = 50
const rounds = 21
const script = join(import.meta.dirname, 'kfp_chain.py')

const add = defineComponent({
  name: 'add',
  inputs: { a: integer(), b: integer({ default: 1 }) },
  outputs: { sum: integer() },
  run: ({ a, b }) => ({ sum: a + b }),
})

const chain = (): Pipeline =>
  pipeline('chain', { inputs: { n: integer() } }, ({ n }) => {
    let last = n
    for (let step = 0; step < steps; step++) last = add({ a: last }).output
  })

/** Writing down and compiling a chain of 50 steps; the first time in a process apart from those that follow. */
export const bench = async (): Promise<readonly Figure[]> => {
  const ours = Array.from({ length: rounds }, () => {
    const started = performance.now()
    compile(chain())
    return performance.now() - started
  })
  const folder = join(process.env['WINNOW_TEST_CACHE'] ?? join(tmpdir(), 'winnow-test-cache'), 'environments')
  const { python } = await createPythonEnvironments({ folder }).ensure(['kfp==2.17.0'])
  const { stdout } = await promisify(execFile)(python, [script, `${steps}`, `${rounds}`])
  const theirs = stdout.trim().split('\n').map(Number)
  const figure = (what: string, own: number, other: number): Figure => ({
    what: `${steps} steps from TypeScript to IR, ${what}`,
    ours: milliseconds(own),
    peer: `${milliseconds(other)}: kfp, emitting alone`,
    ratio: own / other,
    aim: 'under 10 ms',
  })
  return [
    figure('first', ours[0] ?? 0, theirs[0] ?? 0),
    figure(`p50 of ${rounds}`, percentile(ours, 0.5), percentile(theirs, 0.5)),
  ]
}
