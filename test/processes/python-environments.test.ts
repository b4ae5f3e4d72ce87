import { spawn, spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isFault } from '../../src/domain/errors.ts'
import { createPythonEnvironments, type PythonEnvironment } from '../../src/processes/python-environments.ts'
import { runProcess, scrubbedEnvironment } from '../../src/processes/run-process.ts'

const here = import.meta.dirname
let root: string
let folder: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'winnow-environments-'))
  folder = join(root, 'environments')
})
afterEach(() => rm(root, { recursive: true, force: true, maxRetries: 5 }))

const wheel = async (name: string, version: string): Promise<string> => {
  const args = [join(here, 'wheel.py'), root, name, version]
  const made = await runProcess({ command: 'python3', args, cwd: root, env: scrubbedEnvironment() })
  expect(made.exitCode).toBe(0)
  return join(root, `${name}-${version}-py3-none-any.whl`)
}
const python = async (environment: PythonEnvironment, code: string): Promise<string> => {
  const result = await runProcess({ command: environment.python, args: ['-c', code], cwd: root, env: {} })
  return result.stdout.trim()
}
const homes = async (): Promise<readonly string[]> =>
  (await readdir(folder)).filter((name) => /^python-[0-9a-f]{16}-[0-9a-f]{8}$/.test(name))
const markers = async (): Promise<readonly string[]> => (await readdir(folder)).filter((name) => name.endsWith('.json'))

/** Ensures in a process of its own. */
const elsewhere = (requirements: readonly string[]) => {
  const child = spawn(process.execPath, [join(here, 'ensure-environment.ts'), folder, ...requirements], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, ended, output: () => output }
}

describe('Python environments', () => {
  it('holds the requirements, is found again, and its lock says what is in it', async () => {
    const one = await wheel('grain', '1.0')
    const environments = createPythonEnvironments({ folder })
    const first = await environments.ensure([one, ' ', one])
    expect(await python(first, 'import grain; print(grain.version)')).toBe('1.0')
    // Found again without an installer: the wheel is gone.
    await rm(one)
    expect(await createPythonEnvironments({ folder }).ensure([one])).toEqual(first)

    const second = await environments.ensure([`--no-deps ${await wheel('grain', '2.0')}`])
    expect(await python(second, 'import grain; print(grain.version)')).toBe('2.0')
    expect(second.lock).not.toBe(first.lock)
    expect(second.lock).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  it('is built once for two processes that ask at once', async () => {
    const requirement = await wheel('grain', '1.0')
    const both = [elsewhere([requirement]), elsewhere([requirement])]
    expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([0, 0])
    const [a, b] = both.map(({ output }) => output().trim().split('\n'))
    expect(a?.at(-1)).toBe(b?.at(-1))
    expect([a, b].filter((lines) => (lines?.length ?? 0) > 1)).toHaveLength(1)
    expect(await homes()).toHaveLength(1)
  })

  it('never counts what a killed builder left, and cleans it up', async () => {
    const requirement = await wheel('grain', '1.0')
    const { child, ended, output } = elsewhere([requirement])
    const deadline = Date.now() + 120_000
    while (!output().includes('progress')) {
      if (Date.now() > deadline) throw new Error('the installer never spoke')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    child.kill('SIGKILL')
    await ended
    expect(await homes()).toHaveLength(1)
    expect(await markers()).toEqual([])
    const [half] = await homes()

    const environment = await createPythonEnvironments({ folder }).ensure([requirement])
    expect(await python(environment, 'import grain; print(grain.version)')).toBe('1.0')
    expect(await homes()).toHaveLength(1)
    expect(await homes()).not.toContain(half)
  })

  it('serves the others when the first who asked has gone', async () => {
    const environments = createPythonEnvironments({ folder })
    const requirement = await wheel('grain', '1.0')
    const abort = new AbortController()
    const first = environments.ensure([requirement], abort.signal, () => abort.abort(new Error('gone')))
    const second = environments.ensure([requirement])
    await expect(first).rejects.toThrow('gone')
    expect(await python(await second, 'import grain; print(grain.version)')).toBe('1.0')
  })

  it('gives up a build that nobody waits for, and builds again when asked', async () => {
    const environments = createPythonEnvironments({ folder })
    const requirement = await wheel('grain', '1.0')
    const abort = new AbortController()
    const first = environments.ensure([requirement], abort.signal, () => abort.abort(new Error('gone')))
    await expect(first).rejects.toThrow('gone')
    expect(await python(await environments.ensure([requirement]), 'import grain; print("in")')).toBe('in')
    expect(await homes()).toHaveLength(1)
  })

  it('says what could not be installed, and leaves nothing', async () => {
    const missing = join(root, 'chaff-1.0-py3-none-any.whl')
    const failing = createPythonEnvironments({ folder }).ensure([missing])
    await expect(failing).rejects.toSatisfy(
      (e) => isFault(e, 'environment_failed') && e.message.includes('chaff') && e.remedy !== undefined,
    )
    await expect(failing).rejects.toMatchObject({ details: expect.arrayContaining([expect.stringContaining('chaff')]) })
    expect(await homes()).toEqual([])
    expect(await markers()).toEqual([])
  })

  describe('with a Python that is not as it should be', () => {
    const fake = async (script: string): Promise<string> => {
      const path = join(root, 'python')
      await writeFile(path, `#!/bin/sh\n${script}\n`)
      await chmod(path, 0o755)
      return path
    }
    const ensure = (command: string) => createPythonEnvironments({ folder, python: command }).ensure([])

    it('names a missing one and what to do', async () => {
      await expect(ensure(join(root, 'none'))).rejects.toMatchObject({
        code: 'python_missing',
        message: expect.stringContaining(join(root, 'none')),
        remedy: expect.stringContaining('3.10'),
      })
    })
    it('refuses one that does not start', async () => {
      const path = await fake('echo broken >&2; exit 3')
      await expect(ensure(path)).rejects.toMatchObject({ code: 'python_missing', details: ['broken'] })
    })
    it('refuses one that is too old', async () => {
      const path = await fake(`echo '{"path": "/p", "version": "3.9.18", "platform": "x", "hasEnsurepip": true}'`)
      await expect(ensure(path)).rejects.toMatchObject({
        code: 'python_missing',
        message: expect.stringContaining('3.9.18'),
      })
    })
    it('says which package brings a missing ensurepip', async () => {
      const real = await runProcess({
        command: 'python3',
        args: ['-c', 'import sys; print(sys.executable)'],
        cwd: root,
        env: scrubbedEnvironment(),
      })
      const answer = JSON.stringify({
        path: join(root, 'python'),
        version: '3.11.2',
        platform: 'x',
        hasEnsurepip: false,
      })
      const path = await fake(
        `case "$*" in *ensurepip*) echo '${answer}' ;; *) exec ${real.stdout.trim()} "$@" ;; esac`,
      )
      // uv would do without ensurepip: a PATH that has none.
      const before = process.env['PATH']
      process.env['PATH'] = root
      try {
        await expect(ensure(path)).rejects.toMatchObject({
          code: 'environment_failed',
          message: expect.stringContaining('ensurepip'),
          remedy: expect.stringContaining('python3-venv'),
        })
      } finally {
        process.env['PATH'] = before
      }
    })
  })

  // A small disk of its own needs a mount namespace; where the kernel gives none, there is nothing to fill.
  const namespace = 'unshare'
  const smallDisk = spawnSync(namespace, ['--map-root-user', '--mount', 'true']).status === 0
  if (!smallDisk) console.warn('skipped: no mount namespace here, so no full disk')
  it.skipIf(!smallDisk)('says that the disk is full, and blames nothing else', async () => {
    await mkdir(folder)
    const script = 'mount -t tmpfs -o size="$1"m tmpfs "$2" && exec "$3" "$4" "$2"'
    const ensure = join(here, 'ensure-environment.ts')
    const command = ['-c', script, 'sh', '2', folder, process.execPath, ensure]
    const said = spawnSync(namespace, ['--map-root-user', '--mount', 'sh', ...command], { encoding: 'utf8' })
    expect(said.status).not.toBe(0)
    expect(said.stderr).toContain('disk_full')
    expect(said.stderr).toContain(folder)
    expect(said.stderr).not.toContain('environment_failed')
  })
})
