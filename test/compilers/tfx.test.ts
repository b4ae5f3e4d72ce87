import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCompiler } from '../../src/adapters/compilers/compiler.ts'
import type { CompileResult } from '../../src/domain/ports/compiler.ts'
import { createPythonEnvironments, type PythonEnvironments } from '../../src/processes/python-environments.ts'
import { runProcess, scrubbedEnvironment } from '../../src/processes/run-process.ts'

// TFX does not install everywhere, so a small package of its name stands in, with the same interface and a job of the same form.

let folder: string
let environments: PythonEnvironments
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-tfx-'))
  const args = [join(import.meta.dirname, 'tfx_wheel.py'), folder]
  const made = await runProcess({ command: 'python3', args, cwd: folder, env: scrubbedEnvironment() })
  expect(made.exitCode, made.stderr).toBe(0)
  const wheel = join(folder, 'tfx-1.99.0-py3-none-any.whl')
  const own = createPythonEnvironments({ folder: join(folder, 'environments') })
  const shared = createPythonEnvironments({
    folder: join(process.env['WINNOW_TEST_CACHE'] ?? join(tmpdir(), 'winnow-test-cache'), 'environments'),
  })
  environments = {
    ensure: (requirements) =>
      requirements.includes('tfx==1.99.0') ? own.ensure([wheel]) : shared.ensure(requirements),
  }
  await writeFile(join(folder, 'requirements.txt'), 'tfx==1.99.0\n')
  await writeFile(join(folder, 'none.txt'), 'kfp==2.17.0\n')
})
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))

const compile = async (text: string, name?: string, requirements = 'requirements.txt'): Promise<CompileResult> => {
  await writeFile(join(folder, 'p.py'), text)
  await using compiler = createCompiler({ environments })
  const source = { kind: 'tfx', file: 'p.py', requirements, ...(name === undefined ? {} : { function: name }) } as const
  return compiler.compile(folder, source, new AbortController().signal)
}
const taxi = `
from tfx.orchestration.pipeline import Pipeline

def create_pipeline(steps=50):
    return Pipeline('taxi', 'gs://bucket/taxi', steps=steps)
`
const ofTheModule = taxi.replace('def create_pipeline(steps=50):\n    return', 'whole =').replace('=steps', '=50')

describe('a TFX pipeline', () => {
  it("compiles to what TFX's runner makes, blessing and resolver included", async () => {
    const result = await compile(taxi)
    if (!result.ok) throw new Error(result.error)
    expect(result.ir).toMatchObject({
      pipelineInfo: { name: 'taxi' },
      schemaVersion: '2.0.0',
      root: {
        dag: {
          tasks: {
            Trainer: { inputs: { parameters: { steps: { runtimeValue: { constantValue: { intValue: '50' } } } } } },
            Pusher: {
              triggerPolicy: {
                condition: "(inputs.artifacts['_Evaluator.blessing'].artifacts[0].metadata['blessed'] == 1.0)",
              },
            },
          },
        },
      },
      deploymentSpec: { executors: { Latest_executor: { resolver: {} } } },
    })
  })

  it.each([
    ['a pipeline of the module', ofTheModule, undefined],
    ['one that is named', ofTheModule, 'whole'],
    ['a function that is named', taxi.replace('create_pipeline', 'make'), 'make'],
  ])('is found as %s', async (_name, text, name) => {
    expect(await compile(text, name)).toMatchObject({ ok: true, ir: { pipelineInfo: { name: 'taxi' } } })
  })

  it.each<[string, string, string | undefined, RegExp]>([
    ['that is not there', taxi, 'make', /p\.py has no make, nor any other pipeline/],
    ['of a file without any', 'x = 1\n', undefined, /p\.py has no pipeline: give it a function create_pipeline/],
    [
      'whose function makes none',
      taxi.replace('return ', 'x = '),
      undefined,
      /create_pipeline in p\.py is a plain function: return a tfx\.dsl\.Pipeline from it/,
    ],
    [
      'whose function wants arguments',
      taxi.replace('steps=50', 'pipeline_root, steps'),
      undefined,
      /create_pipeline in p\.py wants pipeline_root, steps: give them defaults/,
    ],
    ['that raises', taxi.replace('steps=steps', 'steps=nothing'), undefined, /^p\.py:5: NameError: name 'nothing'/],
  ])('%s is refused', async (_name, text, name, error) => {
    const result = await compile(text, name)
    expect(result).toMatchObject({ ok: false, error: expect.stringMatching(error) })
    expect(JSON.stringify(result)).not.toMatch(/site-packages|compile_tfx/)
  })

  it('without tfx in its requirements says so in one line', async () => {
    const result = await compile(taxi, undefined, 'none.txt')
    expect(result).toMatchObject({
      ok: false,
      error: expect.stringMatching(
        /^tfx cannot be imported \(No module named 'tfx'\): add it to none\.txt, such as tfx==/,
      ),
    })
  })

  it('whose job points at nothing is refused where it does', async () => {
    const text = `${taxi}
from tfx.orchestration.kubeflow.v2 import kubeflow_v2_dag_runner as r
whole = r.KubeflowV2DagRunner.run
def run(self, pipeline, **more):
    job = whole(self, pipeline)
    del job['pipelineSpec']['components']['Trainer']
    return job
r.KubeflowV2DagRunner.run = run
`
    expect(await compile(text)).toMatchObject({
      ok: false,
      error: expect.stringMatching(/task "Trainer": componentRef names "Trainer", which components does not have/),
    })
  })
})
