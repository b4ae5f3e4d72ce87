import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { formatFault } from '../../src/declarations/placed-fault.ts'
import { parseWinnowYaml } from '../../src/declarations/winnow-yaml.ts'
import type { Observation } from '../../src/domain/evidence.ts'
import { train } from '../../src/platform/automl/train.ts'
import { evidenceFrom } from '../../src/policies/evidence/evidence.ts'
import { judge } from '../../src/policies/gates/judge.ts'
import { parsePolicy } from '../../src/policies/language/parse-policy.ts'
import { createPythonEnvironments } from '../../src/processes/python-environments.ts'

const run = promisify(execFile)
const example = fileURLToPath(new URL('../../examples/beans', import.meta.url))
const cache = process.env['WINNOW_TEST_CACHE'] ?? join(tmpdir(), 'winnow-test-cache')
const environments = createPythonEnvironments({ folder: join(cache, 'environments') })
const environmentTimeout = 600_000

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-beans-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const makeBeans = async (name: string, ...options: readonly string[]): Promise<string> => {
  const file = join(folder, name)
  await run('python3', ['-B', join(example, 'make_beans.py'), '--out', file, ...options])
  return file
}

/** A copy of the example, with the demo's bad change applied where asked. */
const copyOfExample = async (name: string, ruined: boolean): Promise<string> => {
  const copy = join(folder, name)
  await cp(example, copy, { recursive: true })
  if (!ruined) return copy
  await run('git', ['init', '-q', copy])
  await run('git', ['-C', copy, 'apply', 'demo/second-opinion.patch'])
  return copy
}

const readExample = (path: string): Promise<string> => readFile(join(example, path), 'utf8')

const policy = async () => {
  const parsed = parsePolicy(await readExample('policies/beans.yaml'), 'policies/beans.yaml', {
    model: 'beans',
  })
  if (!parsed.ok) throw new Error(parsed.faults.map(formatFault).join('\n'))
  return parsed.value
}

describe('the declarations', () => {
  it('are sound, and their files exist', async () => {
    const parsed = parseWinnowYaml(await readExample('winnow.yaml'), 'winnow.yaml')
    if (!parsed.ok) throw new Error(parsed.faults.map(formatFault).join('\n'))
    expect(parsed.value.pipelines.map(({ name }) => name)).toEqual(['beans', 'lesson'])
    for (const { source, policy } of parsed.value.pipelines) {
      if (source.kind !== 'kfp') throw new Error(`a source of kind ${source.kind}`)
      expect(source.requirements).toBe('requirements.txt')
      await expect(readExample(source.file)).resolves.toContain('@dsl.pipeline')
      if (policy !== null) await expect(readExample(policy)).resolves.toContain('gates')
    }
    expect((await policy()).gates).toHaveLength(7)
  })
})

describe('the generator', () => {
  it('makes beans whose measurements agree with each other, in the proportions of the real ones', async () => {
    const [header = '', ...lines] = (await readFile(await makeBeans('a.csv', '--rows', '2000'), 'utf8'))
      .trim()
      .split('\n')
    const names = header.split(',')
    expect(names).toHaveLength(17)
    expect(lines).toHaveLength(2_000)
    const counts: Record<string, number> = {}
    for (const line of lines) {
      const cells = line.split(',')
      const of = (name: string) => Number(cells[names.indexOf(name)])
      const label = cells.at(-1) as string
      counts[label] = (counts[label] ?? 0) + 1
      const [area, major, minor] = [of('Area'), of('MajorAxisLength'), of('MinorAxisLength')]
      const near = (value: number, expected: number) => expect(Math.abs(value / expected - 1)).toBeLessThan(2e-4)
      near(area, (of('ShapeFactor4') * Math.PI * major * minor) / 4)
      near(of('Perimeter'), Math.sqrt((4 * Math.PI * area) / of('roundness')))
      near(of('AspectRation'), major / minor)
      near(of('ConvexArea'), area / of('Solidity'))
      near(of('Compactness'), of('EquivDiameter') / major)
      near(of('ShapeFactor3'), area / ((major / 2) ** 2 * Math.PI))
    }
    expect(counts).toEqual({
      BARBUNYA: 195,
      BOMBAY: 77,
      CALI: 241,
      DERMASON: 524,
      HOROZ: 275,
      SEKER: 299,
      SIRA: 389,
    })
  })

  it('makes the same of the same seed, and others of another', async () => {
    const read = async (name: string, seed: string) =>
      readFile(await makeBeans(name, '--rows', '50', '--seed', seed), 'utf8')
    const first = await read('s1.csv', '1')
    expect(await read('s1-again.csv', '1')).toBe(first)
    expect(await read('s2.csv', '2')).not.toBe(first)
  })

  it('ruins a variety by taking its grains from the nearest one', async () => {
    const meanArea = (text: string, label: string) => {
      const areas = text
        .split('\n')
        .filter((line) => line.endsWith(label))
        .map((line) => Number(line.split(',')[0]))
      return areas.reduce((sum, area) => sum + area, 0) / areas.length
    }
    const ruined = await readFile(await makeBeans('r.csv', '--rows', '3000', '--ruin', 'SIRA'), 'utf8')
    const whole = await readFile(await makeBeans('w.csv', '--rows', '3000'), 'utf8')
    expect(meanArea(whole, 'SIRA')).not.toBeCloseTo(meanArea(ruined, 'SIRA'), -3)
    expect(meanArea(whole, 'CALI')).toBeCloseTo(meanArea(ruined, 'CALI'), -3)
  })

  it.each([[['--rows', '0']], [['--rows', 'many']], [['--ruin', 'PEA']]])('refuses %j', async (options) => {
    await expect(makeBeans('bad.csv', ...options)).rejects.toMatchObject({ code: 2 })
  })
})

describe('the pipelines', () => {
  let python: string
  beforeAll(async () => {
    const requirements = (await readExample('requirements.txt')).trim().split('\n')
    python = (await environments.ensure(requirements)).python
  }, environmentTimeout)

  const compile = async (repository: string, file: string, name: string): Promise<Record<string, unknown>> => {
    const output = join(repository, `${file}.yaml`)
    const code = `import sys; sys.path.insert(0, sys.argv[1]); import kfp.compiler, ${file}; kfp.compiler.Compiler().compile(${file}.${name}, sys.argv[2])`
    await run(python, ['-B', '-c', code, repository, output])
    return parse(await readFile(output, 'utf8')) as Record<string, unknown>
  }
  const taskNames = (dag: unknown) =>
    Object.keys((dag as { readonly dag: { readonly tasks: Record<string, unknown> } }).dag.tasks).sort()

  it('lesson.py has the steps of the lesson and needs no parameter', async () => {
    const ir = await compile(await copyOfExample('lesson', false), 'lesson', 'pipeline')
    expect(taskNames(ir['root'])).toEqual([
      'automl-tabular-training-job',
      'classification-model-eval-metrics',
      'condition-1',
      'tabular-dataset-create',
    ])
    const components = ir['components'] as Record<string, unknown>
    expect(taskNames(components['comp-condition-1'])).toEqual(['endpoint-create', 'model-deploy'])
    const { parameters } = (
      ir['root'] as { inputDefinitions: { parameters: Record<string, { defaultValue?: unknown }> } }
    ).inputDefinitions
    expect(Object.values(parameters).every(({ defaultValue }) => defaultValue !== undefined)).toBe(true)
    expect(parameters['bq_source']?.defaultValue).toBe('bq://aju-dev-demos.beans.beans1')
  })

  it('beans.py ends with a model, and the bad change alters what it compiles to', async () => {
    const ir = await compile(await copyOfExample('beans', false), 'beans', 'beans_pipeline')
    expect(taskNames(ir['root'])).toEqual([
      'automl-tabular-training-job',
      'importer',
      'prepare-data',
      'tabular-dataset-create',
    ])
    const ruined = await compile(await copyOfExample('ruined', true), 'beans', 'beans_pipeline')
    expect(taskNames(ruined['root'])).toEqual(taskNames(ir['root']))
    expect(JSON.stringify(ruined)).not.toBe(JSON.stringify(ir))
  })

  /** Runs the component's own function on files; resolves with the CSV that it wrote. */
  const prepare = async (repository: string, base: string, newData: readonly string[]): Promise<string> => {
    const output = join(repository, 'prepared.csv')
    const code = `
import json, sys
sys.path.insert(0, sys.argv[1])
import beans
from kfp import dsl
counts = dsl.Metrics(uri="counts")
address = beans.prepare_data.python_func(
    base=dsl.Dataset(uri=sys.argv[2]), new_data=json.loads(sys.argv[3]), target_column="Class",
    beans=dsl.Dataset(uri=sys.argv[4]), counts=counts)
print(json.dumps([address, counts.metadata]))
`
    const { stdout } = await run(python, ['-B', '-c', code, repository, base, JSON.stringify(newData), output])
    const [address, counts] = JSON.parse(stdout.trim().split('\n').at(-1) as string) as [string, Record<string, number>]
    expect(address).toBe(output)
    const text = await readFile(output, 'utf8')
    expect(counts['data.rows']).toBe(text.trim().split('\n').length - 1)
    return text
  }
  const inputs = async (...texts: readonly string[]) => {
    const inside = await mkdtemp(join(folder, 'in-'))
    await mkdir(inside, { recursive: true })
    return Promise.all(
      texts.map(async (text, i) => {
        const file = join(inside, `with a blank ${i}.csv`)
        await writeFile(file, text)
        return file
      }),
    )
  }

  it('prepare_data joins files of any column order and drops repeated rows', async () => {
    const [base = '', ...more] = await inputs(
      'A,Class\n1,x\n2,y\n1,x\n',
      'Class,A\nx,1\nz,3\n',
      '\ufeffA,Class\r\n4,x\r\n\r\n',
    )
    const addresses = [more[0] as string, new URL(`file://${more[1]}`).href]
    expect(await prepare(await copyOfExample('join', false), base, addresses)).toBe('A,Class\n1,x\n2,y\n3,z\n4,x\n')
    expect(await prepare(await copyOfExample('alone', false), base, [])).toBe('A,Class\n1,x\n2,y\n')
  })

  it.each([
    ['other columns', 'B,Class\n1,x\n', /line 1: columns missing \['A'\], columns unknown \['B'\]/],
    ['no class column', 'A,Klass\n1,x\n', /line 1: no table with a column Class/],
    ['nothing', '', /line 1: no table/],
    ['a row that is cut short', 'A,Class\n1,x\n2\n', /line 3: expected 2 cells with a Class/],
    ['a row without a class', 'A,Class\n1,\n', /line 2: expected 2 cells with a Class/],
  ])('prepare_data refuses a file with %s', async (name, text, message) => {
    const [base = '', bad = ''] = await inputs('A,Class\n1,x\n', text)
    await expect(prepare(await copyOfExample(name, false), base, [bad])).rejects.toThrow(message)
  })

  describe('trained locally', () => {
    const judgeModelOf = async (name: string, ruined: boolean) => {
      const repository = await copyOfExample(name, ruined)
      const prepared = join(repository, 'prepared.csv')
      await prepare(repository, await makeBeans('base.csv', '--rows', '2000'), [])
      const result = await train(
        {
          files: [prepared],
          target: 'Class',
          predictionType: 'classification',
          objective: 'minimize-log-loss',
          budgetMilliNodeHours: 1_000,
          split: { kind: 'fraction', training: 0.7, validation: 0.1, test: 0.2 },
          earlyStopping: true,
          seed: 1,
          modelFolder: join(repository, 'model'),
          evaluationFolder: join(repository, 'evaluation'),
        },
        { environments, folder: join(repository, 'training'), log: () => undefined },
        new AbortController().signal,
      )
      const source: Observation['source'] = { kind: 'ModelEvaluation', name: 'evaluation', task: null }
      const { metrics, ...stated } = evidenceFrom([{ source, slice: null, metrics: result.metrics }])
      // What a controller measures by itself: how the model serves, and what it was made from.
      const evidence = { ...stated, metrics: { ...metrics, 'latency.p95': 12 } }
      return judge(await policy(), {
        candidate: { evidence, answers: null },
        references: { champion: { kind: 'none', reason: 'no champion is live yet' } },
        checks: { 'clean data': { ok: true, value: true } },
        approvals: [],
        author: 'grower',
      })
    }
    const outcomes = (judgement: Awaited<ReturnType<typeof judgeModelOf>>) =>
      Object.fromEntries(judgement.gates.map(({ gate, outcome }) => [gate, outcome]))

    it('passes the policy', { timeout: environmentTimeout }, async () => {
      const judgement = await judgeModelOf('good-model', false)
      expect(judgement.reason).toBe('6 gates passed, 1 skipped')
    })

    it('is refused after the bad change, though it still ranks well', { timeout: environmentTimeout }, async () => {
      const judgement = await judgeModelOf('bad-model', true)
      expect(outcomes(judgement)).toMatchObject({ 'ranks well': 'pass', 'no dead class': 'fail' })
      expect(judgement.reason).toMatch(/recall of BARBUNYA is 0\.[0-4]/)
    })
  })
})
