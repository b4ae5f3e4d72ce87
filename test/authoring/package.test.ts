import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProcess, scrubbedEnvironment } from '../../src/processes/run-process.ts'

const root = join(import.meta.dirname, '../..')
let project: string

const run = async (command: string, args: readonly string[], cwd = project): Promise<string> => {
  const PATH = `${join(root, 'node_modules/.bin')}:${process.env['PATH']}`
  const { exitCode, stdout, stderr } = await runProcess({ command, args, cwd, env: { ...scrubbedEnvironment(), PATH } })
  if (exitCode !== 0) throw new Error(`${command} ${args.join(' ')}\n${stdout}\n${stderr}`)
  return stdout
}

/** The package as `npm pack` makes it, with what it exports built, unpacked as npm would; other packages are linked. */
const installPackage = async (): Promise<void> => {
  const stage = join(project, 'stage')
  const installed = join(project, 'node_modules', 'winnow-ml')
  await mkdir(stage)
  await mkdir(installed, { recursive: true })
  await cp(join(root, 'package.json'), join(stage, 'package.json'))
  const options = ['--emitDeclarationOnly', 'false', '--outDir', join(stage, 'dist')]
  await run('tsc', ['-p', 'tsconfig.types.json', ...options], root)
  await cp(join(root, 'src/pipelines'), join(stage, 'dist/pipelines'), {
    recursive: true,
    filter: (source) => !source.endsWith('.ts'),
  })
  const tarball = (await run('npm', ['pack', '--ignore-scripts', '--silent'], stage)).trim()
  await run('tar', ['xzf', join(stage, tarball), '-C', installed, '--strip-components=1'])
  for (const name of await readdir(join(root, 'node_modules')))
    if (!name.startsWith('.') && name !== 'winnow-ml')
      await symlink(join(root, 'node_modules', name), join(project, 'node_modules', name))
}

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'winnow-package-'))
  await writeFile(join(project, 'package.json'), '{"type": "module"}')
  await installPackage()
}, 300_000)
afterAll(() => rm(project, { recursive: true, force: true }))

const source = `
import { compile, defineComponent, integer, pipeline, string } from 'winnow-ml/pipelines'
import { EndpointCreateOp } from 'winnow-ml/pipelines/catalogue'

const double = defineComponent({
  name: 'double',
  inputs: { n: integer() },
  outputs: { twice: integer() },
  run: ({ n }) => ({ twice: 2 * n }),
})
export const doubling = pipeline('doubling', { inputs: { n: integer(), where: string() } }, ({ n, where }) => {
  EndpointCreateOp({ project: where, display_name: 'x' })
  return double({ n }).output
})
// @ts-expect-error a text is no integer
export const wrong = () => pipeline('wrong', {}, () => void double({ n: 'x' }))
console.log(JSON.stringify(compile(doubling)))
`

describe('the built package', () => {
  it('compiles a pipeline', async () => {
    await writeFile(join(project, 'doubling.ts'), source)
    const spec = JSON.parse(await run(process.execPath, ['doubling.ts']))
    expect(Object.keys(spec.root.dag.tasks)).toEqual(['endpoint-create', 'double'])
    expect(spec.deploymentSpec.executors['exec-double'].container.command[3]).toContain('({ n }) => ({ twice: 2 * n })')
  })

  it('brings its types', async () => {
    const options = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, types: ['node'] }
    await writeFile(
      join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, files: ['doubling.ts'] }),
    )
    await writeFile(join(project, 'doubling.ts'), source)
    await run('tsc', ['-p', project])
    expect(
      await readFile(join(project, 'node_modules/winnow-ml/dist/pipelines/authoring/index.d.ts'), 'utf8'),
    ).toContain('defineComponent')
  })
})
