import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isFault } from '../domain/errors.ts'
import { inProcessScope } from './process-scope.ts'
import { isAlive, type ProcessIdentity, processesOfScope } from './process-table.ts'
import { type ProcessRequest, runProcess, scrubbedEnvironment } from './run-process.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-process-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const shell = (script: string, more: Partial<ProcessRequest> = {}): ProcessRequest => ({
  command: '/bin/sh',
  args: ['-c', script],
  cwd: folder,
  env: scrubbedEnvironment(),
  ...more,
})
let tokens = 0
const inScope = async <T>(work: () => Promise<T>): Promise<{ result: T; left: readonly number[]; seen: number }> => {
  const token = `test-${process.pid}-${tokens++}`
  const started: ProcessIdentity[] = []
  const result = await inProcessScope({ token, onStart: (p) => started.push(p) }, work)
  expect(started.filter(isAlive)).toEqual([])
  return { result, left: processesOfScope(token), seen: started.length }
}
const exists = (path: string): Promise<boolean> =>
  readFile(path).then(
    () => true,
    () => false,
  )
const until = async (ready: () => Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 20_000
  while (!(await ready())) {
    if (Date.now() > deadline) throw new Error('waited in vain')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

describe('runProcess', () => {
  it('gives exit code, both streams, lines and the log', async () => {
    const lines: string[] = []
    const logFile = join(folder, 'out.log')
    const result = await runProcess(
      shell('cat; echo two >&2; printf three; exit 7', {
        stdin: 'one ü\n',
        logFile,
        onLine: (line, stream) => lines.push(`${stream}: ${line}`),
      }),
    )
    expect(result).toMatchObject({
      exitCode: 7,
      signal: null,
      timedOut: false,
      stdout: 'one ü\nthree',
      stderr: 'two\n',
    })
    expect([...lines].sort()).toEqual(['stderr: two', 'stdout: one ü', 'stdout: three'])
    const logged = await readFile(logFile, 'utf8')
    for (const text of ['one ü\n', 'two\n', 'three']) expect(logged).toContain(text)
  })

  it('gives the child only the environment that was asked for', async () => {
    process.env['WINNOW_TEST_PASSWORD'] = 'secret'
    const result = await runProcess({ command: '/usr/bin/env', args: [], cwd: folder, env: { ONLY: 'this' } })
    expect(result.stdout).toBe('ONLY=this\n')
  })

  it('kills the whole group at the time-out, grandchildren that ignore SIGTERM too', async () => {
    const script = `trap '' TERM; (trap '' TERM; sleep 600 & sleep 600) & touch ready; sleep 600; sleep 600`
    const { result, left, seen } = await inScope(() => runProcess(shell(script, { timeoutMs: 300 })))
    expect(result).toMatchObject({ timedOut: true, exitCode: null })
    expect(seen).toBe(1)
    expect(left).toEqual([])
  })

  it('kills the whole group when it is aborted', async () => {
    const abort = new AbortController()
    const running = inScope(() => runProcess(shell('sleep 600 & sleep 600 & touch ready; wait'), abort.signal))
    await until(() => exists(join(folder, 'ready')))
    abort.abort()
    const { result, left } = await running
    expect(result).toMatchObject({ timedOut: false, signal: 'SIGTERM' })
    expect(left).toEqual([])
  })

  it('leaves nothing of a group whose leader has ended', async () => {
    const { result, left } = await inScope(() => runProcess(shell('sleep 600 & echo done')))
    expect(result).toMatchObject({ exitCode: 0, stdout: 'done\n' })
    expect(left).toEqual([])
  })

  it('does not start anything for a signal that is aborted already', async () => {
    const { result, seen } = await inScope(() => runProcess(shell('touch ran'), AbortSignal.abort()))
    expect(result.exitCode).toBeNull()
    expect(seen).toBe(0)
    expect(await exists(join(folder, 'ran'))).toBe(false)
  })

  it('keeps the tail of long output, cut at whole characters', async () => {
    const result = await runProcess(
      shell(`i=0; while [ $i -lt 2000 ]; do echo "line $i üüü"; i=$((i+1)); done`, { maxOutputBytes: 100 }),
    )
    expect(Buffer.byteLength(result.stdout)).toBeLessThanOrEqual(100)
    expect(result.stdout.endsWith('line 1999 üüü\n')).toBe(true)
    expect(result.stdout).not.toContain('\ufffd')
  })

  it('loses nothing of what was said while the event loop stood still', async () => {
    const standStill = (milliseconds: number): void => {
      for (const end = performance.now() + milliseconds; performance.now() < end; );
    }
    // What the first one says and its end are met at once. The other one ends meanwhile, and is seen to have ended before
    // it is heard; then nothing is heard for longer than pipes are waited for.
    const first = spawn('/bin/sh', ['-c', 'echo first'], { stdio: ['ignore', 'pipe', 'ignore'] })
    first.stdout.once('data', () => standStill(1_000))
    first.once('exit', () => setImmediate(() => standStill(1_500)))
    const running = runProcess(shell('sleep 0.5; echo said'))
    await Promise.resolve()
    standStill(250)
    expect(await running).toMatchObject({ exitCode: 0, stdout: 'said\n' })
  })

  it('holds a process with all that it starts to its memory limit, and says so', async () => {
    const hungry = (memoryBytes: number) =>
      runProcess({
        command: 'python3',
        // Two that hold 150 MiB each: neither alone is too much.
        args: [
          '-c',
          'import os; p = os.fork(); x = bytearray(b"x") * (150 << 20); p and os.waitpid(p, 0); print("had it")',
        ],
        cwd: folder,
        env: scrubbedEnvironment(),
        memoryBytes,
      })
    const killed = await hungry(200 << 20)
    expect(killed.memory).toMatchObject({ exhausted: 'limit', limitBytes: 200 << 20 })
    expect(killed.memory?.peakBytes).toBeGreaterThan(100 << 20)
    const fed = await hungry(2 * 1024 ** 3)
    expect(fed).toMatchObject({ exitCode: 0, memory: { exhausted: null } })
    expect(fed.stdout).toContain('had it')
  })

  it('does not take a plain kill for want of memory', async () => {
    const result = await runProcess(shell('kill -9 $$', { memoryBytes: 200 << 20 }))
    expect(result.signal).toBe('SIGKILL')
    expect(result.memory?.exhausted).not.toBe('limit')
  })

  it('runs a command inside another program', async () => {
    const result = await runProcess(
      shell('echo inside', { enclose: (command, args) => ['/usr/bin/env', ['A=b', command, ...args]] }),
    )
    expect(result.stdout).toBe('inside\n')
  })

  it.each([
    ['a missing program', { command: 'no-such-program-here' }],
    ['a missing path', { command: '/no/such/program' }],
    ['a missing folder', { cwd: '/no/such/folder' }],
    ['arguments that are too long', { args: ['x'.repeat(3_000_000)] }],
    ['a log that cannot be written', { logFile: '/no/such/folder/log' }],
  ])('rejects %s with a fault', async (_, more) => {
    await expect(runProcess(shell('sleep 600', more))).rejects.toSatisfy((e) => isFault(e, 'process_failed'))
  })
})

describe('scrubbedEnvironment', () => {
  it('passes what installing needs and no credentials', () => {
    const before = { ...process.env }
    Object.assign(process.env, {
      PIP_INDEX_URL: 'a',
      UV_PUBLISH_TOKEN: 'b',
      PIP_SOME_PASSWORD: 'c',
      GOOGLE_APPLICATION_CREDENTIALS: 'd',
      AWS_SECRET_ACCESS_KEY: 'e',
      HOME: '/home',
      PYTHONDONTWRITEBYTECODE: '1',
      https_proxy: 'f',
    })
    try {
      const names = Object.keys(scrubbedEnvironment({ EXTRA: '1' }))
      expect(names).toEqual(expect.arrayContaining(['PATH', 'PIP_INDEX_URL', 'https_proxy', 'EXTRA']))
      for (const name of ['UV_PUBLISH_TOKEN', 'PIP_SOME_PASSWORD', 'GOOGLE_APPLICATION_CREDENTIALS', 'HOME'])
        expect(names).not.toContain(name)
      expect(names).not.toContain('AWS_SECRET_ACCESS_KEY')
      expect(names).not.toContain('PYTHONDONTWRITEBYTECODE')
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
      Object.assign(process.env, before)
    }
  })
})
