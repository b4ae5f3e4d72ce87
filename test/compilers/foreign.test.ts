import { readdirSync, readFileSync } from 'node:fs'
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CompileLimits } from '../../src/adapters/compilers/compiler.ts'
import { createForeignCompiler } from '../../src/adapters/compilers/foreign.ts'
import type { PipelineSource } from '../../src/domain/build.ts'
import { findCell } from '../../src/processes/cell.ts'
import { limitProcesses } from '../../src/processes/process-limit.ts'
import { createPythonEnvironments } from '../../src/processes/python-environments.ts'

const never = new AbortController().signal
const environments = createPythonEnvironments({
  folder: join(process.env['WINNOW_TEST_CACHE'] ?? join(tmpdir(), 'winnow-test-cache'), 'environments'),
})
const found = await findCell()
if (!found.found) {
  if (process.env['WINNOW_TEST_SERVICES'] === 'required') throw new Error(found.reason)
  console.warn(`skipped: the code of forks is not compiled here: ${found.reason}`)
}

const hello = `
from kfp import dsl

@dsl.component
def say(text: str) -> str:
    return text

@dsl.pipeline(name='hello')
def hello(who: str = 'world'):
    say(text=who)
`
/** A fork that tries all of these, and says what came of each. */
const trying = (attempts: Readonly<Record<string, string>>): string => `
import os, socket, sys, urllib.request
came = []
for name, attempt in ${JSON.stringify(Object.entries(attempts))}:
    try:
        exec(attempt)
        came.append(name + ': IT WORKED')
    except Exception as fault:
        came.append(name + ': ' + type(fault).__name__)
raise RuntimeError('; '.join(came))
`

/** The controller's own folder, and a checkout in it as the host lays it. */
let data: string
let checkout: string
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'winnow-data-'))
  checkout = join(data, 'git', 'checkouts', 'fork', 'tree')
  await mkdir(checkout, { recursive: true })
  await writeFile(join(data, 'token'), 'the token of the API')
})
afterEach(() => rm(data, { recursive: true, force: true }))

const compile = async (text: string, limits: Partial<CompileLimits> = {}, name = 'p.py') => {
  await writeFile(join(checkout, name), text)
  const source: PipelineSource = name.endsWith('.py') ? { kind: 'kfp', file: name } : { kind: 'typescript', file: name }
  return createForeignCompiler({ environments, found, limits }).compile(checkout, source, never)
}
const refused = async (text: string, limits?: Partial<CompileLimits>): Promise<string> => {
  const result = await compile(text, limits)
  if (result.ok) throw new Error('it compiled')
  expect(JSON.stringify(result)).not.toContain('IT WORKED')
  return [result.error, ...result.details].join('\n')
}

it('says why where there is no sandbox, and runs nothing', async () => {
  const missing = await findCell(join(data, 'no-bwrap'))
  const compiler = createForeignCompiler({ environments, found: missing })
  await writeFile(join(checkout, 'p.py'), hello)
  expect(await compiler.compile(checkout, { kind: 'kfp', file: 'p.py' }, never)).toMatchObject({
    ok: false,
    error: expect.stringMatching(
      /^the code of a fork is compiled in a sandbox or not at all, and there is none: .*no-bwrap/,
    ),
  })
})

describe.skipIf(!found.found)('the code of a fork', { timeout: 120_000 }, () => {
  let asked = 0
  const server = createServer((_request, response) => {
    asked += 1
    response.end('here')
  })
  let port: number
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
    // Where the environment is not made yet, that is no part of a compile.
    await environments.ensure(['kfp==2.17.0'])
  }, 300_000)
  afterAll(() => server.close())

  it('compiles to what it is', async () => {
    const result = await compile(hello)
    expect(result.ok ? result.ir['pipelineInfo'] : result).toEqual({ name: 'hello' })
  })

  it('compiles in TypeScript, too', async () => {
    const text = `import { componentFromSpec, pipeline } from 'winnow-ml/pipelines'
const say = componentFromSpec('say', { component: {}, executor: { container: { image: 'alpine:3', command: ['true'] } } })
export const hello = pipeline('hello', {}, () => { say({}) })
`
    const result = await compile(text, {}, 'p.ts')
    expect(result.ok ? result.ir['pipelineInfo'] : result).toEqual({ name: 'hello' })
  })

  it('reads, reaches, writes and kills nothing of this machine', async () => {
    const quoted = (path: string) => JSON.stringify(path)
    const attempts = {
      token: `open(${quoted(join(data, 'token'))}).read()`,
      folder: `os.listdir(${quoted(data)}).index('token')`,
      home: `os.listdir(${quoted(homedir())}).index('.ssh')`,
      passwords: `open('/etc/shadow').read()`,
      variable: `os.environ['WINNOW_SECRET_TEST']`,
      parent: `open('/proc/' + str(os.getppid()) + '/environ').read().index('WINNOW_SECRET')`,
      first: `open('/proc/1/environ').read().index('WINNOW_SECRET')`,
      loopback: `urllib.request.urlopen('http://127.0.0.1:${port}/', timeout=5)`,
      internet: `socket.create_connection(('192.0.2.1', 80), timeout=5)`,
      checkout: `open('left', 'w').write('x')`,
      beside: `open(${quoted(join(tmpdir(), 'winnow-left'))}, 'w').write('x')`,
      python: `open(os.path.join(sys.prefix, 'left.pth'), 'w').write('x')`,
      disk: `[open(os.path.join(os.environ['HOME'], str(i)), 'wb').write(b'x' * 3_000_000) for i in range(40)]`,
      process: `os.kill(${process.pid}, 9)`,
    }
    process.env['WINNOW_SECRET_TEST'] = 'a secret of the controller'
    try {
      const said = await refused(trying(attempts))
      for (const [name, why] of Object.entries({
        token: 'FileNotFoundError',
        folder: 'ValueError',
        home: '(FileNotFoundError|ValueError)',
        passwords: 'FileNotFoundError',
        variable: 'KeyError',
        parent: '(ValueError|PermissionError)',
        first: '(ValueError|PermissionError)',
        loopback: 'URLError',
        internet: 'OSError',
        checkout: 'OSError',
        beside: 'OSError',
        python: 'OSError',
        disk: 'OSError',
        process: 'ProcessLookupError',
      }))
        expect(said).toMatch(new RegExp(`${name}: ${why}`))
    } finally {
      delete process.env['WINNOW_SECRET_TEST']
    }
    expect(asked).toBe(0)
    expect(await readFile(join(data, 'token'), 'utf8')).toBe('the token of the API')
    await expect(access(join(tmpdir(), 'winnow-left'))).rejects.toThrow()
  })

  it('that never ends is ended, with all that it started', async () => {
    const marked = `winnow-endless-${process.pid}`
    const text = `import subprocess, time\nsubprocess.Popen(['sh', '-c', 'sleep 300; : ${marked}'], start_new_session=True)\ntime.sleep(300)`
    expect(await refused(text, { timeout: 6_000 })).toMatch(/was not compiled after 6/)
    const left = readdirSync('/proc').filter((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(marked)
      } catch {
        return false
      }
    })
    expect(left.filter((pid) => Number(pid) !== process.pid)).toEqual([])
  })

  it('that takes too much memory is ended', async () => {
    const text = `held = [bytearray(10_000_000) for _ in range(200)]`
    expect(await refused(text, { memoryBytes: 512 * 1024 ** 2 })).toMatch(/MemoryError|memory|SIGKILL|137/)
  })

  const limited = limitProcesses(8)
  limited?.close()
  it.skipIf(limited === undefined && process.getuid?.() === 0)(
    'that starts itself again and again is kept from it',
    async () => {
      const text = `
import os, time
started = 0
try:
    while started < 500:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        started += 1
    raise SystemExit('IT WORKED')
except OSError:
    raise RuntimeError(f'kept from it after {started}') from None
`
      const [, started] = /kept from it after (\d+)/.exec(await refused(text)) ?? []
      expect(Number(started)).toBeLessThan(64)
    },
  )

  it('that leaves something else than a pipeline leaves a refusal that is cut to a size that a person reads', async () => {
    const replaced = `import os\nopen(os.environ['HOME'] + '/report.json', 'w').write('[' * 100_000)\nos._exit(0)`
    expect(await refused(replaced)).toMatch(/what the compile left is no report/)
    const long = await compile(`raise RuntimeError('x' * 3_000_000)`)
    expect(JSON.stringify(long).length).toBeLessThan(40_000)
    const large = `import os\nos.write(os.open(os.environ['HOME'] + '/report.json', os.O_WRONLY), b'x' * 5_000_000)\nos._exit(0)`
    expect(await refused(large)).toMatch(/left no pipeline|no report|ended with/)
  })
})
