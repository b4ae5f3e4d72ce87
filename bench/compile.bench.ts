import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createCompiler } from '../src/adapters/compilers/compiler.ts'
import { createPythonEnvironments } from '../src/processes/python-environments.ts'
import { percentile } from './percentile.ts'
import type { Figure } from './run.ts'
import { milliseconds } from './stage.ts'

const rounds = 11
const run = promisify(execFile)
const lesson = fileURLToPath(new URL('../examples/beans/lesson.py', import.meta.url))

const component = `
from kfp import dsl

@dsl.component(base_image='python:3.11')
def say(text: str) -> str:
    return text
`
const hello = `${component}
@dsl.pipeline(name='hello')
def hello(who: str = 'world'):
    say(text=who)
`
const fifty = `${component}
@dsl.pipeline(name='fifty')
def fifty(who: str = 'world'):
    for _ in range(50):
        who = say(text=who).output
`

/**
 * One compile, from the call to the checked IR: cold with a Python of its own, warm in a fork of one that has imported kfp.
 * Beside both, what a person would type. In turns, after one of each.
 */
export const bench = async (): Promise<readonly Figure[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'winnow-bench-compile-'))
  const environments = createPythonEnvironments({ folder: join(tmpdir(), 'winnow-bench-environments') })
  const requirements = ['kfp==2.17.0', 'google-cloud-pipeline-components==2.22.0']
  const { folder: home } = await environments.ensure(requirements)
  await using cold = createCompiler({ environments })
  await using warm = createCompiler({ environments, warm: true })
  const never = new AbortController().signal
  const compile = async (compiler: typeof cold, file: string): Promise<number> => {
    const source = { kind: 'kfp', file, requirements: 'requirements.txt' } as const
    const begun = performance.now()
    const result = await compiler.compile(folder, source, never)
    if (!result.ok) throw new Error(result.error)
    return performance.now() - begun
  }
  const typed = async (file: string): Promise<number> => {
    const begun = performance.now()
    const args = ['dsl', 'compile', '--py', join(folder, file), '--output', join(folder, 'peer.yaml')]
    await run(join(home, 'bin', 'kfp'), args)
    return performance.now() - begun
  }
  try {
    await writeFile(join(folder, 'requirements.txt'), `${requirements.join('\n')}\n`)
    await writeFile(join(folder, 'hello.py'), hello)
    await writeFile(join(folder, 'fifty.py'), fifty)
    await copyFile(lesson, join(folder, 'beans.py'))
    const figures: Figure[] = []
    for (const [file, what] of [
      ['hello.py', 'hello'],
      ['fifty.py', '50 steps'],
      ['beans.py', "the lesson's beans"],
    ] as const) {
      const samples = { cold: [] as number[], warm: [] as number[], peer: [] as number[] }
      for (let round = 0; round <= rounds; round++) {
        const took = { cold: await compile(cold, file), warm: await compile(warm, file), peer: await typed(file) }
        if (round === 0) continue
        for (const kind of ['cold', 'warm', 'peer'] as const) samples[kind].push(took[kind])
      }
      const peer = percentile(samples.peer, 0.5)
      for (const kind of ['cold', 'warm'] as const) {
        const ours = percentile(samples[kind], 0.5)
        figures.push({
          what: `compile ${what}, ${kind}, median of ${rounds}`,
          ours: milliseconds(ours),
          peer: `${milliseconds(peer)}: kfp dsl compile`,
          ratio: ours / peer,
          ...(kind === 'warm' ? { aim: 'under 100 ms' } : {}),
        })
      }
    }
    return figures
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
