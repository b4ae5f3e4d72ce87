import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProcess, scrubbedEnvironment } from '../../src/processes/run-process.ts'

const root = join(import.meta.dirname, '../..')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-guide-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const winnow = async (...args: readonly string[]): Promise<string> => {
  const request = { command: process.execPath, args: [join(root, 'src/cli/main.ts'), ...args], cwd: folder }
  // npm has to reach its registry as it does here.
  const npm = Object.entries(process.env).filter(([name]) => /^npm_config_|^NODE_EXTRA_CA_CERTS$/i.test(name))
  const env = { ...scrubbedEnvironment({ HOME: folder }), ...(Object.fromEntries(npm) as Record<string, string>) }
  const { exitCode, stdout, stderr } = await runProcess({ ...request, env })
  if (exitCode !== 0) throw new Error(`${stdout}\n${stderr}`)
  return stdout
}

/** The result of a run; `--json` prints nothing else. */
const run = async (file: string, parameters: object): Promise<unknown> => {
  const told = ['--data', join(folder, 'data'), '--json', '--parameters', JSON.stringify(parameters)]
  return (JSON.parse(await winnow('pipeline', 'run', file, ...told)) as { outputs: unknown }).outputs
}

const blocks = async (): Promise<readonly string[]> => {
  const text = await readFile(join(root, 'docs/typescript.md'), 'utf8')
  return [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code ?? '')
}

const written = async (code: string): Promise<string> => {
  const file = join(folder, `block-${code.length}.ts`)
  await writeFile(file, code)
  return file
}

describe('the guide to pipelines in TypeScript', () => {
  it('begins with a pipeline that runs', async () => {
    const [first = ''] = await blocks()
    expect(await run(await written(first), { n: 41 })).toEqual({ Output: 'it is 42' })
  })

  it('has code that compiles', async () => {
    const rest = (await blocks()).slice(1)
    expect(rest.length).toBeGreaterThan(0)
    for (const code of rest) expect(await winnow('pipeline', 'compile', await written(code))).toContain('pipelineInfo')
  })

  it('points at an example that runs', async () => {
    const example = join(root, 'examples/typescript/fruit.ts')
    expect(await run(example, { wanted: 0.99 })).toEqual({ verdict: 'not good enough: 0.98', best: 0.98 })
  })

  it('finds the catalogue and packages of npm', async () => {
    const code = `
import { defineComponent, pipeline, string } from 'winnow-ml/pipelines'
import { EndpointCreateOp } from 'winnow-ml/pipelines/catalogue'
const kebab = defineComponent({
  name: 'kebab',
  inputs: { text: string() },
  outputs: { Output: string() },
  packages: ['kebab-case@2.0.1'],
  async run({ text }) {
    const { default: kebabCase } = await import('kebab-case' as string)
    return { Output: kebabCase(text) as string }
  },
})
export const withPackage = pipeline('with-package', {}, () => {
  EndpointCreateOp({ project: 'p', display_name: 'x' })
  return kebab({ text: 'helloWorld' }).output
})
`
    expect(await run(await written(code), {})).toEqual({ Output: 'hello-world' })
  })
})
