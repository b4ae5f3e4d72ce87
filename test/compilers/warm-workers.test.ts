import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCompiler } from '../../src/adapters/compilers/compiler.ts'
import type { CompileResult } from '../../src/domain/ports/compiler.ts'
import { createPythonEnvironments } from '../../src/processes/python-environments.ts'

const patience = { timeout: 120_000 }
const cache = join(process.env['WINNOW_TEST_CACHE'] ?? join(tmpdir(), 'winnow-test-cache'), 'environments')
const environments = createPythonEnvironments({ folder: cache })
const pipeline = (name: string) => `
from kfp import dsl

@dsl.component(base_image='python:3.11')
def say(text: str) -> str:
    return text

@dsl.pipeline(name='${name}')
def hello(who: str = 'world'):
    say(text=who)
`

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-warm-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const lay = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text)
const open = () => createCompiler({ environments, warm: true })
const never = new AbortController().signal
const compile = (compiler: ReturnType<typeof open>, file: string): Promise<CompileResult> =>
  compiler.compile(folder, { kind: 'kfp', file }, never)

/** Living processes whose command line has all of these words. */
const processesWith = (...words: readonly string[]): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        return pid !== process.pid && words.every((word) => line.includes(word))
      } catch {
        return false
      }
    })
const childrenOf = (pid: number): readonly number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
const descendants = (pid: number): readonly number[] =>
  childrenOf(pid).flatMap((child) => [child, ...descendants(child)])
const ourWorkers = (): readonly number[] => {
  const ours = new Set(descendants(process.pid))
  return processesWith('compile_worker.py').filter((pid) => ours.has(pid))
}

describe('a warm worker', () => {
  it('gives one compile nothing of another', async () => {
    await using compiler = open()
    await lay(
      'first.py',
      `import os, sys, builtins, kfp\n${pipeline('first')}
kfp.left = builtins.left = 'x'
sys.modules['left'] = kfp
os.environ['LEFT'] = 'x'
kfp.dsl.Artifact.left = 1
open(os.path.join(os.environ['HOME'], 'left'), 'w').close()
`,
    )
    await lay(
      'second.py',
      `import os, sys, builtins, kfp
print('seen', hasattr(kfp, 'left'), hasattr(builtins, 'left'), 'left' in sys.modules, 'LEFT' in os.environ, hasattr(kfp.dsl.Artifact, 'left'), os.listdir(os.environ['HOME']), 'first' in sys.modules)
${pipeline('second')}`,
    )
    expect(await compile(compiler, 'first.py')).toMatchObject({ ok: true, ir: { pipelineInfo: { name: 'first' } } })
    const second = await compile(compiler, 'second.py')
    expect(second).toMatchObject({ ok: true, ir: { pipelineInfo: { name: 'second' } } })
    expect(second.log).toContain('seen False False False False False [] False')
    expect(ourWorkers().length).toBeGreaterThan(0)
  })

  it('compiles side by side, each with its own answer and its own words', async () => {
    await using compiler = open()
    const names = Array.from({ length: 8 }, (_, i) => `pipe-${i}`)
    await Promise.all(names.map((name) => lay(`${name}.py`, `print('words of ${name}')\n${pipeline(name)}`)))
    const results = await Promise.all(names.map((name) => compile(compiler, `${name}.py`)))
    expect(results.map((result) => result.ok && result.ir['pipelineInfo'])).toEqual(names.map((name) => ({ name })))
    expect(results.map(({ log }) => log)).toEqual(names.map((name) => `words of ${name}`))
  })

  it('hands on what is printed without end, and is there for the next one', async () => {
    await using compiler = open()
    await lay('loud.py', `for i in range(200_000):\n    print('line', i)\n${pipeline('loud')}`)
    const loud = await compile(compiler, 'loud.py')
    expect(loud.ok).toBe(true)
    expect(loud.log.length).toBeLessThan(1_100_000)
    expect(loud.log.endsWith('line 199999')).toBe(true)
    await lay('next.py', pipeline('next'))
    expect(await compile(compiler, 'next.py')).toMatchObject({ ok: true, log: '' })
  })

  it('that dies costs nothing but time: the compile is done cold, and the next has a new worker', async () => {
    await using compiler = open()
    const go = join(folder, 'go')
    await lay(
      'p.py',
      `import os, time, pathlib\npathlib.Path('${folder}/begun').touch()\nwhile not os.path.exists('${go}'):\n    time.sleep(0.02)\n${pipeline('p')}`,
    )
    const compiling = compile(compiler, 'p.py')
    await expect.poll(() => existsSync(join(folder, 'begun')), patience).toBe(true)
    const before = ourWorkers()
    expect(before.length).toBeGreaterThan(0)
    for (const pid of before) process.kill(pid, 'SIGKILL')
    await writeFile(go, '')
    expect(await compiling).toMatchObject({ ok: true, ir: { pipelineInfo: { name: 'p' } } })
    expect(await compile(compiler, 'p.py')).toMatchObject({ ok: true })
    expect(ourWorkers().some((pid) => !before.includes(pid))).toBe(true)
  })

  it('goes when its compiler is closed', async () => {
    await lay('p.py', pipeline('p'))
    const compiler = open()
    await compile(compiler, 'p.py')
    const workers = ourWorkers()
    expect(workers.length).toBeGreaterThan(0)
    await compiler[Symbol.asyncDispose]()
    await expect.poll(() => workers.filter((pid) => existsSync(`/proc/${pid}`)), patience).toEqual([])
  })

  it('goes with a controller that is killed, and what it was compiling goes too', async () => {
    await lay('p.py', `import os, time\nopen('${folder}/begun', 'w').close()\nwhile True:\n    time.sleep(0.02)\n`)
    await environments.ensure(['kfp==2.17.0'])
    const script = fileURLToPath(new URL('compile-for-ever.ts', import.meta.url))
    const controller = spawn(process.execPath, [script, cache, folder, 'p.py'], { stdio: 'ignore' })
    await expect.poll(() => existsSync(join(folder, 'begun')), patience).toBe(true)
    const left = descendants(controller.pid as number)
    expect(left.length).toBeGreaterThan(1)
    controller.kill('SIGKILL')
    await expect.poll(() => left.filter((pid) => existsSync(`/proc/${pid}`)), patience).toEqual([])
  })
})
