import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CompileLimits, createCompiler } from '../../src/adapters/compilers/compiler.ts'
import { digestJson } from '../../src/domain/digest.ts'
import type { CompileResult } from '../../src/domain/ports/compiler.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-typescript-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const lay = async (files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}
const noPython = {
  ensure: () => Promise.reject(new Error('TypeScript needs no Python')),
}
const compile = async (
  text: string,
  name?: string,
  limits: Partial<CompileLimits> = {},
  file = 'pipelines/p.ts',
): Promise<CompileResult> => {
  await lay({ [file]: text })
  await using compiler = createCompiler({ environments: noPython, limits })
  const source = { kind: 'typescript', file, ...(name === undefined ? {} : { export: name }) } as const
  return compiler.compile(folder, source, new AbortController().signal)
}

const say = `
import { componentFromSpec, pipeline, string } from 'winnow-ml/pipelines'

export const say = componentFromSpec('say', {
  component: { inputDefinitions: { parameters: { text: { parameterType: 'STRING' } } } },
  executor: { container: { image: 'alpine:3', command: ['echo'], args: ["{{$.inputs.parameters['text']}}"] } },
})
`
const hello = `${say}
export const hello = pipeline('hello', { inputs: { who: string({ default: 'world' }) } }, ({ who }) => {
  say({ text: who })
})
`

describe('a pipeline in TypeScript', () => {
  it('compiles to its IR, with the same digest each time', async () => {
    const first = await compile(hello)
    if (!first.ok) throw new Error(first.error)
    expect(first.ir).toMatchObject({ pipelineInfo: { name: 'hello' }, schemaVersion: '2.1.0' })
    expect(first.irDigest).toBe(digestJson(first.ir))
    expect(await compile(hello, 'hello')).toMatchObject({ ok: true, irDigest: first.irDigest })
  })

  it('imports its neighbours and packages of the repository, and prints into the log', async () => {
    await lay({
      'pipelines/parts.ts': say,
      'node_modules/names/package.json': '{"name": "names", "type": "module", "exports": "./index.js"}',
      'node_modules/names/index.js': "export const name = 'from-a-package'\n",
    })
    const result = await compile(`
import { pipeline } from 'winnow-ml/pipelines'
import { name } from 'names'
import { say } from './parts.ts'

interface Words { readonly text: string }
const words: Words = { text: 'x' }
export default pipeline(name, {}, () => void say(words))
console.log('a line for the log')
`)
    expect(result).toMatchObject({
      ok: true,
      ir: { pipelineInfo: { name: 'from-a-package' } },
      log: 'a line for the log',
    })
  })

  it('uses the prebuilt components', async () => {
    const text = `
import { pipeline } from 'winnow-ml/pipelines'
import { TabularDatasetCreateOp } from 'winnow-ml/pipelines/catalogue'
export const p = pipeline('p', {}, () => void TabularDatasetCreateOp({ display_name: 'x', gcs_source: 'gs://a/b.csv' }))
`
    expect(await compile(text)).toMatchObject({
      ok: true,
      ir: { root: { dag: { tasks: { 'tabular-dataset-create': {} } } } },
    })
  })

  it('may be plain JavaScript', async () => {
    expect(await compile(hello, undefined, {}, 'p.mjs')).toMatchObject({ ok: true })
  })

  it.each<[string, string, string | undefined, RegExp, RegExp | undefined]>([
    ['a syntax error', `${say}\nconst x = = 1\n`, undefined, /^pipelines\/p\.ts:9(:\d+)?: SyntaxError/, undefined],
    [
      'an exception',
      `${hello}\nconst broken = () => { throw new TypeError('no good') }\nbroken()\n`,
      undefined,
      /^pipelines\/p\.ts:13:\d+: TypeError: no good$/,
      /throw new TypeError/,
    ],
    [
      'a misuse of the library',
      hello.replace('say({ text: who })', 'say({ txt: who })'),
      undefined,
      /^pipelines\/p\.ts:10:3: .*txt/,
      undefined,
    ],
    ['a missing module', `import './nothing.ts'\n${hello}`, undefined, /nothing\.ts/, undefined],
    ['no pipeline at all', 'export const x = 1\n', undefined, /has no pipeline: export what pipeline\(\)/, undefined],
    ['a pipeline of another name', hello, 'hullo', /p\.ts has no pipeline hullo; it has hello$/, undefined],
    [
      'several pipelines',
      `${hello}\nexport const other = pipeline('other', {}, () => void say({ text: 'x' }))\n`,
      undefined,
      /has 2 pipelines \(hello, other\): name one with function:/,
      undefined,
    ],
    [
      'a plain function',
      `${hello}\nexport const plain = () => 1\n`,
      'plain',
      /plain .* is a plain function: make it with pipeline\(\)/,
      undefined,
    ],
    ['an end', 'process.exit(0)\n', undefined, /Node ended with exit code 0 and left no pipeline/, undefined],
  ])('with %s is refused where it lies', async (_name, text, name, error, detail) => {
    const result = await compile(text, name)
    if (result.ok) throw new Error('compiles')
    expect(result.error).toMatch(error)
    expect([result.error, ...result.details].join('\n')).not.toContain(folder)
    if (detail !== undefined) expect(result.details.some((line) => detail.test(line))).toBe(true)
  })

  it('sees no credentials, no other files, no programs and no threads', async () => {
    const secrets = {
      DATABASE_URL: 'postgres://u:secret@db/x',
      NODE_OPTIONS: '--max-old-space-size=2000',
      WINNOW_SECRET_X: 's',
    }
    Object.assign(process.env, secrets)
    await writeFile(`${folder}.outside`, 'secret')
    try {
      const result = await compile(`${hello}
import { readFileSync, writeFileSync } from 'node:fs'
import { execSync } from 'node:child_process'
import { Worker } from 'node:worker_threads'
const tries = {
  passwd: () => readFileSync('/etc/passwd'),
  outside: () => readFileSync('${folder}.outside'),
  link: () => writeFileSync('${folder}/written', 'x'),
  program: () => execSync('true'),
  thread: () => new Worker('1', { eval: true }),
}
for (const [name, attempt] of Object.entries(tries)) {
  try { attempt(); console.log(name, 'WORKED') } catch (error) { console.log(name, error.code) }
}
console.log(Object.keys(process.env).sort().join())
`)
      expect(result.ok).toBe(true)
      expect(result.log).not.toMatch(/WORKED|DATABASE|NODE_OPTIONS|SECRET/)
      expect(result.log.match(/ERR_ACCESS_DENIED/g)).toHaveLength(5)
    } finally {
      for (const name of Object.keys(secrets)) delete process.env[name]
      await rm(`${folder}.outside`, { force: true })
    }
  })

  it('that never ends is killed', async () => {
    const result = await compile('console.log("begun")\nfor (;;) {}\n', undefined, { timeout: 3_000 })
    expect(result).toMatchObject({ ok: false, error: /not compiled after 3\.0 s/, details: ['begun'] })
  })

  it('that eats memory is stopped', async () => {
    const hog = 'const x: string[][] = []\nfor (;;) x.push(new Array(1e6).fill("x"))\n'
    expect(await compile(hog, undefined, { memoryBytes: 1.5 * 1024 ** 3 })).toMatchObject({
      ok: false,
      error: expect.stringMatching(/p\.ts: it takes more memory than a compile may have/),
    })
  })
})
