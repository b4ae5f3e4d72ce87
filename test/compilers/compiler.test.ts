import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type CompileLimits, createCompiler } from '../../src/adapters/compilers/compiler.ts'
import { createIsolation } from '../../src/adapters/compilers/isolation.ts'
import { readCapped } from '../../src/adapters/compilers/repository-file.ts'
import type { PipelineSource } from '../../src/domain/build.ts'
import { digestJson } from '../../src/domain/digest.ts'
import type { CompileResult } from '../../src/domain/ports/compiler.ts'
import { createPythonEnvironments } from '../../src/processes/python-environments.ts'

const never = new AbortController().signal
const environments = createPythonEnvironments({
  folder: join(process.env['WINNOW_TEST_CACHE'] ?? join(tmpdir(), 'winnow-test-cache'), 'environments'),
})

const hello = `
from kfp import dsl

@dsl.component
def say(text: str) -> str:
    return text

@dsl.pipeline(name='hello')
def hello(who: str = 'world'):
    say(text=who)
`

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-compilers-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const lay = async (files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}
// One warm compiler for all: what one test leaves in it is what another would find.
const warm = createCompiler({ environments, warm: true })
afterAll(() => warm[Symbol.asyncDispose]())
const kinds = ['cold', 'warm'] as const
let kind: (typeof kinds)[number] = 'cold'

const compile = async (source: PipelineSource, limits: Partial<CompileLimits> = {}): Promise<CompileResult> => {
  if (kind === 'warm' && Object.keys(limits).length === 0) return warm.compile(folder, source, never)
  await using compiler = createCompiler({ environments, limits, warm: kind === 'warm' })
  return compiler.compile(folder, source, never)
}

const compileText = async (
  text: string,
  name?: string,
  limits: Partial<CompileLimits> = {},
): Promise<CompileResult> => {
  await lay({ 'pipelines/p.py': text })
  return compile({ kind: 'kfp', file: 'pipelines/p.py', ...(name === undefined ? {} : { function: name }) }, limits)
}

describe.each(kinds)('a KFP pipeline, %s', (chosen) => {
  beforeAll(() => {
    kind = chosen
  })
  afterAll(() => {
    kind = 'cold'
  })

  it('compiles to its IR, with the same digest each time', async () => {
    const first = await compileText(hello, 'hello')
    const second = await compileText(hello)
    expect(first).toMatchObject({ ok: true, ir: { pipelineInfo: { name: 'hello' }, schemaVersion: '2.1.0' } })
    if (!first.ok || !second.ok) throw new Error('does not compile')
    expect(first.irDigest).toBe(digestJson(first.ir))
    expect(second.irDigest).toBe(first.irDigest)
  })

  it('imports its neighbours and packages from the root; only pipelines of the file itself count', async () => {
    await lay({
      'pipelines/parts.py': hello.replace('def hello', 'def part').replace("name='hello'", "name='part'"),
      'shared/names.py': "NAME = 'from-the-root'\n",
    })
    const text = `from kfp import dsl\nfrom parts import part, say\nfrom shared.names import NAME\n\n@dsl.pipeline(name=NAME)\ndef whole():\n    part(who='x')\n\nalias = whole\nprint('a line for the log')\n`
    const result = await compileText(text)
    expect(result).toMatchObject({ ok: true, ir: { pipelineInfo: { name: 'from-the-root' } } })
    expect(result.log).toContain('a line for the log')
  })

  it('keeps what it asks of a platform', async () => {
    const wish =
      "    task = say(text=who)\n    task.platform_config['kubernetes'] = {'nodeSelector': {'labels': {'a': 'b'}}}"
    const text = hello.replace('    say(text=who)', wish)
    const result = await compileText(text, 'hello')
    expect(result).toMatchObject({
      ok: true,
      ir: { platformSpec: { platforms: { kubernetes: { deploymentSpec: { executors: { 'exec-say': {} } } } } } },
      log: expect.stringContaining('task say: kubernetes nodeSelector'),
    })
  })

  it.each<[string, string, string | undefined, RegExp, RegExp | undefined]>([
    [
      'a syntax error',
      `from kfp import dsl\n\ndef broken(:\n    pass\n`,
      undefined,
      /^pipelines\/p\.py:3:12: SyntaxError: /,
      /def broken\(:/,
    ],
    [
      'an unknown name',
      `${hello}\n    say(text=whoo)\n`,
      'hello',
      /^pipelines\/p\.py:12: NameError: name 'whoo' is not defined/,
      /^pipelines\/p\.py:12: in hello$/,
    ],
    [
      'a wrong argument',
      hello.replace('text=who', 'txt=who'),
      'hello',
      /^pipelines\/p\.py:10: TypeError: .*txt/,
      /say\(txt=who\)/,
    ],
    ['a wrong type', hello.replace('text=who', 'text=3'), 'hello', /^pipelines\/p\.py:10: .*STRING/, /say\(text=3\)/],
    [
      'a missing module',
      `import nothing_of_the_kind\n${hello}`,
      undefined,
      /^pipelines\/p\.py:1: ModuleNotFoundError: .*nothing_of_the_kind/,
      undefined,
    ],
    ['a missing function', hello, 'hullo', /p\.py has no pipeline hullo; it has hello$/, undefined],
    [
      'a plain function',
      `${hello}\ndef plain():\n    pass\n`,
      'plain',
      /plain in pipelines\/p\.py is a plain function: put @dsl\.pipeline above it/,
      undefined,
    ],
    ['no pipeline at all', 'x = 1\n', undefined, /has no pipeline: put @dsl\.pipeline/, undefined],
    ['no pipeline, one asked for', 'x = 1\n', 'hello', /has no hello, nor any other/, undefined],
    [
      'several',
      `${hello}\n@dsl.pipeline(name='b')\ndef other():\n    say(text='x')\n`,
      undefined,
      /has 2 pipelines \(hello, other\): name one with function:/,
      undefined,
    ],
    [
      'an end',
      `import sys\nsys.exit(3)\n`,
      undefined,
      /^pipelines\/p\.py:2: the file ends Python \(SystemExit: 3\)/,
      undefined,
    ],
    [
      'a hard end',
      `import os\nos._exit(0)\n`,
      undefined,
      /Python ended with exit code 0 and left no pipeline/,
      undefined,
    ],
    [
      'a crash',
      `import ctypes\nctypes.string_at(0)\n`,
      undefined,
      /Python ended with .* and left no pipeline/,
      undefined,
    ],
    [
      'an exception that cannot be printed',
      `class E(Exception):\n    def __str__(self): return 'x' * 10_000\nraise E()\n`,
      undefined,
      /^pipelines\/p\.py:3: E: x{100}/,
      undefined,
    ],
  ])('with %s is refused where it lies', async (_name, text, name, error, detail) => {
    const result = await compileText(text, name)
    if (result.ok) throw new Error('compiles')
    expect(result.error).toMatch(error)
    if (detail !== undefined) expect(result.details.some((line) => detail.test(line.trim()))).toBe(true)
    expect([result.error, ...result.details].join('\n')).not.toMatch(/site-packages|compile_kfp/)
    expect(result.error.length).toBeLessThan(2_500)
  })

  it('whose neighbour has the syntax error is placed in the neighbour', async () => {
    await lay({ 'pipelines/parts.py': 'x = (\n' })
    expect(await compileText(`import parts\n${hello}`)).toMatchObject({ ok: false, error: /^pipelines\/parts\.py:1:/ })
  })

  it.each([
    ['missing', 'nothing.py', /no such file/],
    ['outside', '../outside.py', /outside the repository/],
    ['a folder', 'pipelines', /is no file/],
    ['another language', 'pipelines/p.txt', /no Python file/],
  ])('that is %s is refused', async (_name, file, error) => {
    await lay({ 'pipelines/p.txt': 'x' })
    await writeFile(join(folder, '..', 'outside.py'), hello)
    expect(await compile({ kind: 'kfp', file })).toMatchObject({ ok: false, error: expect.stringMatching(error) })
    await rm(join(folder, '..', 'outside.py'), { force: true })
  })

  it('whose requirements lack kfp, take packages from elsewhere, or are not there, is refused', async () => {
    await lay({ 'p.py': hello, 'none.txt': '# nothing\n', 'bad.txt': 'kfp\n--index-url https://example.org\n' })
    const withRequirements = (requirements: string) => compile({ kind: 'kfp', file: 'p.py', requirements })
    expect(await withRequirements('none.txt')).toMatchObject({
      ok: false,
      error: /kfp cannot be imported .* add it to none\.txt/,
    })
    expect(await withRequirements('bad.txt')).toMatchObject({
      ok: false,
      error: /^bad\.txt:2:1: .*options are not taken/,
    })
    expect(await withRequirements('gone.txt')).toMatchObject({ ok: false, error: /gone\.txt: there is no such file/ })
  })
})

describe.each(kinds)('the compiled code, %s', (chosen) => {
  beforeAll(() => {
    kind = chosen
  })
  afterAll(() => {
    kind = 'cold'
  })

  it('sees no credentials, no settings of ours and no home', async () => {
    const before = { ...process.env }
    const secrets = {
      GOOGLE_APPLICATION_CREDENTIALS: '/secret/one.json',
      WINNOW_SECRET_BEANS: 'secret-two',
      DATABASE_URL: 'postgres://u:secret-three@db/x',
      PIP_INDEX_URL: 'https://u:secret-four@example.org/simple',
      HTTPS_PROXY: 'http://u:secret-five@proxy:1',
      AWS_SECRET_ACCESS_KEY: 'secret-six',
      SSH_AUTH_SOCK: '/secret/seven',
      NODE_OPTIONS: '--max-old-space-size=4096',
    }
    await environments.ensure(['kfp==2.17.0'])
    Object.assign(process.env, secrets)
    try {
      const result = await compileText(`import os, json\nprint(json.dumps(dict(os.environ)))\n${hello}`)
      expect(result.ok).toBe(true)
      const line = result.log.split('\n').find((candidate) => candidate.startsWith('{')) ?? '{}'
      const seen = JSON.parse(line) as Record<string, string>
      expect(line).not.toContain('secret')
      expect(Object.keys(seen).filter((name) => name in secrets)).toEqual([])
      expect(seen['HOME']).toContain('winnow-compile-')
      expect(seen['HOME']).not.toBe(before['HOME'])
    } finally {
      for (const name of Object.keys(secrets)) delete process.env[name]
      Object.assign(process.env, before)
    }
  })

  it('cannot read the secrets of our other processes, nor leave a daemon behind', async ({ skip }) => {
    const command = ['true'] as const
    if ((await createIsolation()(command, never)).length === 1)
      skip('this machine has no user namespaces: not isolated')
    const secret = `the-secret-${process.pid}`
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { env: { SOME_TOKEN: secret } })
    const beat = join(folder, 'beat')
    try {
      const daemon = `import time\nwhile True:\n    open('${beat}', 'w').write(str(time.time()))\n    time.sleep(0.02)`
      const text = `
import glob, subprocess, sys, time, os
found = 0
for path in glob.glob('/proc/[0-9]*/environ'):
    try:
        found += open(path, 'rb').read().count(b'the-secret-')
    except OSError:
        pass
print('processes', len(glob.glob('/proc/[0-9]*/environ')), 'secrets', found)
subprocess.Popen([sys.executable, '-c', """${daemon}"""], start_new_session=True)
while not os.path.exists('${beat}'):
    time.sleep(0.02)
${hello}`
      const result = await compileText(text)
      expect(result.ok).toBe(true)
      expect(result.log).toMatch(/processes \d secrets 0/)
      const last = await readFile(beat, 'utf8')
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(await readFile(beat, 'utf8')).toBe(last)
    } finally {
      other.kill('SIGKILL')
    }
  })

  it('that never ends is killed', async () => {
    const result = await compileText('print("begun")\nwhile True:\n    pass\n', undefined, { timeout: 8_000 })
    expect(result).toMatchObject({
      ok: false,
      error: expect.stringContaining('not compiled after 8.0 s'),
      details: ['begun'],
    })
  })

  it('that eats memory is stopped', async () => {
    const result = await compileText('x = []\nwhile True:\n    x.append(bytearray(16 * 1024 * 1024))\n', undefined, {
      memoryBytes: 1024 ** 3,
    })
    expect(result).toMatchObject({ ok: false, error: expect.stringMatching(/p\.py:3: .*more memory/) })
  })

  it('that makes a pipeline over the cap is refused', async () => {
    const large = hello.replace("name='hello'", `name='hello', description='x' * 200_000`)
    expect(await compileText(large, 'hello', { maxIrBytes: 100_000 })).toMatchObject({
      ok: false,
      error: expect.stringContaining('at most 100000 bytes'),
    })
  })

  it('cannot hand us another file of this machine', async () => {
    await writeFile(join(folder, 'secret'), '{}')
    await symlink(join(folder, 'secret'), join(folder, 'link'))
    expect(await readCapped(join(folder, 'link'), 1_000)).toBeUndefined()
    expect(await readCapped('/dev/zero', 1_000)).toBeUndefined()
    expect(await readCapped(folder, 100_000)).toBeUndefined()
    expect(await readCapped(join(folder, 'secret'), 2)).toBe('{}')
    expect(await readCapped(join(folder, 'secret'), 1)).toBeUndefined()
  })

  it('ends when the one who waits for it goes', async () => {
    await lay({ 'p.py': 'import pathlib, time\npathlib.Path("begun").touch()\nwhile True:\n    time.sleep(0.01)\n' })
    const abort = new AbortController()
    await using compiler = createCompiler({ environments, warm: chosen === 'warm' })
    const compiling = compiler.compile(folder, { kind: 'kfp', file: 'p.py' }, abort.signal)
    await expect
      .poll(
        () =>
          readFile(join(folder, 'begun')).then(
            () => true,
            () => false,
          ),
        { timeout: 120_000 },
      )
      .toBe(true)
    abort.abort(new Error('shutting down'))
    await expect(compiling).rejects.toThrow('shutting down')
  })
})

describe('a compiled pipeline in the repository', () => {
  it('is taken as YAML or JSON, with the digest that compiling it gives', async () => {
    const compiled = await compileText(hello, 'hello')
    if (!compiled.ok) throw new Error(compiled.error)
    await lay({
      'p.json': JSON.stringify(compiled.ir),
      'p.yaml': `# a comment\n${JSON.stringify(compiled.ir, null, 2)}\n`,
    })
    for (const file of ['p.json', 'p.yaml'])
      expect(await compile({ kind: 'ir', file })).toMatchObject({ ok: true, irDigest: compiled.irDigest })
  })

  it('with faults is refused at their places', async () => {
    await lay({
      'p.yaml':
        'root:\n  dag: {tasks: {a: {componentRef: {name: comp-a}}}}\npipelineInfo: {name: p}\nschemaVersion: 2.1.0\n',
    })
    const result = await compile({ kind: 'ir', file: 'p.yaml' })
    expect(result).toMatchObject({ ok: false, error: expect.stringMatching(/^p\.yaml:\d+:\d+: /) })
  })

  it.each([
    ['no YAML', 'p.yaml', '{unclosed', /p\.yaml:1/],
    ['no pipeline', 'p.yaml', 'a: 1\n', /no compiled pipeline/],
    ['empty', 'p.yaml', '', /empty/],
  ])('that is %s is refused', async (_name, file, text, error) => {
    await lay({ [file]: text })
    expect(await compile({ kind: 'ir', file })).toMatchObject({ ok: false, error: expect.stringMatching(error) })
  })

  it('over the cap, missing or outside is refused', async () => {
    await lay({ 'p.yaml': 'x'.repeat(101) })
    expect(await compile({ kind: 'ir', file: 'p.yaml' }, { maxIrBytes: 100 })).toMatchObject({
      ok: false,
      error: /larger/,
    })
    expect(await compile({ kind: 'ir', file: 'q.yaml' })).toMatchObject({ ok: false, error: /no such file/ })
    await symlink('/etc/hostname', join(folder, 'out.yaml'))
    expect(await compile({ kind: 'ir', file: 'out.yaml' })).toMatchObject({ ok: false, error: /outside/ })
  })
})

describe('the fingerprint', () => {
  const of = (source: PipelineSource, files: Readonly<Record<string, string>> = {}) =>
    createCompiler({ environments }).fingerprint(source, async (path) => files[path])
  const source = { kind: 'kfp', file: 'p.py', requirements: 'r.txt' } as const

  it('changes with the requirements and not with comments or order', async () => {
    const first = await of(source, { 'r.txt': 'kfp==2.17.0\npandas\n' })
    expect(await of(source, { 'r.txt': '# x\npandas\nkfp==2.17.0 # y\n' })).toBe(first)
    expect(await of(source, { 'r.txt': 'kfp==2.16.0\npandas\n' })).not.toBe(first)
    expect(await of(source)).not.toBe(first)
  })

  it('differs between kinds, and is the same for the same', async () => {
    expect(await of({ kind: 'ir', file: 'p.yaml' })).toBe(await of({ kind: 'ir', file: 'p.yaml' }))
    expect(await of({ kind: 'ir', file: 'p.py' })).not.toBe(await of({ kind: 'kfp', file: 'p.py' }))
    expect(await of({ kind: 'kfp', file: 'p.py' })).toBe(await of(source, { 'r.txt': 'kfp==2.17.0' }))
  })
})
