import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../src/domain/json.ts'
import { automlRequirements } from '../../src/platform/automl/train.ts'
import { createModelServer, type ModelServer } from '../../src/platform/serving/model-server.ts'
import { runProcess, scrubbedEnvironment } from '../../src/processes/run-process.ts'
import { sharedEnvironments } from '../automl/environments.ts'

interface Classified {
  readonly classes: readonly string[]
  readonly scores: readonly number[]
}
interface Estimated {
  readonly value: number
  readonly lower_bound: number
  readonly upper_bound: number
}

const kinds = ['linear-2', 'boosting-2', 'forest-2', 'network-2', 'linear-4', 'boosting-4', 'forest-4', 'network-4']
const estimators = ['linear-0', 'boosting-0', 'forest-0']
const instance = { a: 0.5, b: 5000, c: 0.01, side: 'north' }

let root: string
let server: ModelServer
let instances: readonly Json[]

const expectedOf = async <T>(kind: string): Promise<T> =>
  JSON.parse(await readFile(join(root, kind, 'expected.json'), 'utf8')) as T

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'winnow-serving-'))
  const { python } = await sharedEnvironments().ensure(await automlRequirements())
  const sources = fileURLToPath(new URL('../../src/platform/automl/python', import.meta.url))
  const args = [join(import.meta.dirname, 'export_models.py'), sources, root]
  const shared = fileURLToPath(new URL('../../src/platform/python', import.meta.url))
  const env = { ...scrubbedEnvironment(), PYTHONPATH: shared }
  const made = await runProcess({ command: python, args, cwd: root, env })
  if (made.exitCode !== 0) throw new Error(made.stderr)
  instances = JSON.parse(await readFile(join(root, 'instances.json'), 'utf8')) as Json[]
  server = createModelServer()
}, 300_000)
afterAll(async () => {
  await server?.close()
  await rm(root, { recursive: true, force: true })
})

describe('parity with scikit-learn', () => {
  it.each(kinds)('%s: same class, same probabilities, 3,000 rows in chunks', async (kind) => {
    const model = await server.load(join(root, kind))
    const expected = await expectedOf<number[][]>(kind)
    const predictions = (await model.predict(instances)) as unknown as Classified[]
    expect(predictions).toHaveLength(3000)
    let largest = 0
    predictions.forEach(({ classes, scores }, row) => {
      const wanted = expected[row] as number[]
      expect(classes).toHaveLength(wanted.length)
      wanted.forEach((value, at) => {
        largest = Math.max(largest, Math.abs(value - (scores[at] as number)))
      })
      const [best = 0, second = 0] = wanted.toSorted((a, b) => b - a)
      if (best - second > 1e-5) expect(scores.indexOf(Math.max(...scores))).toBe(wanted.indexOf(best))
    })
    expect(largest).toBeLessThan(1e-5)
    await model.unload()
  })

  it.each(estimators)('%s: same values, with their interval', async (kind) => {
    const model = await server.load(join(root, kind))
    const expected = await expectedOf<number[]>(kind)
    const predictions = (await model.predict(instances)) as unknown as Estimated[]
    predictions.forEach(({ value, lower_bound, upper_bound }, row) => {
      expect(Math.abs(value - (expected[row] as number))).toBeLessThan(1e-4)
      expect(lower_bound).toBeCloseTo(value - 0.5, 5)
      expect(upper_bound).toBeCloseTo(value + 0.75, 5)
    })
    await model.unload()
  })
})

describe('instances', () => {
  it('takes numbers as texts, missing values and categories it has never seen', async () => {
    const model = await server.load(join(root, 'boosting-4'))
    const [number, text] = await model.predict([instance, { ...instance, a: ' 0.5 ', b: '5e3', extra: 1 }])
    expect(text).toEqual(number)
    const [missing, empty] = await model.predict([
      { ...instance, a: null },
      { ...instance, a: '' },
    ])
    expect(empty).toEqual(missing)
    const [unseen, east] = (await model.predict([
      { ...instance, side: 'nowhere' },
      { ...instance, side: 'east' },
    ])) as unknown as Classified[]
    expect(unseen).toEqual(east)
    expect(unseen?.scores.reduce((sum, score) => sum + score, 0)).toBeCloseTo(1, 6)
    expect(await model.predict([])).toEqual([])
    await model.unload()
  })

  it.each<[string, Json, RegExp]>([
    ['a missing feature', { a: 1, b: 2, side: 'x' }, /feature "c" is missing/],
    ['a text that is no number', { ...instance, b: '5,000' }, /feature "b" is "5,000", not a number/],
    ['a truth value as a number', { ...instance, a: true }, /feature "a" is true, not a number/],
    ['a hexadecimal text', { ...instance, a: '0x10' }, /feature "a"/],
    ['a number beyond 32 bits', { ...instance, a: 1e300 }, /feature "a"/],
    ['an object as a category', { ...instance, side: {} }, /feature "side" is {}, not a text/],
    ['a list', [1, 2, 3], /not an object/],
  ])('refuses %s by name', async (_, wrong, message) => {
    const model = await server.load(join(root, 'linear-2'))
    const failure = await model.predict([instance, wrong]).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 3, details: expect.stringMatching(message) as string })
    expect(String(failure)).toContain('Instance 1:')
    expect(model.problemOf(wrong)).toMatch(message)
    expect(model.problemOf(instance)).toBeNull()
    await model.unload()
  })
})

describe('folders', () => {
  const copy = async (): Promise<string> => {
    const folder = await mkdtemp(join(root, 'copy-'))
    await cp(join(root, 'linear-2'), folder, { recursive: true })
    return folder
  }
  it('says which file is missing', async () => {
    const folder = await copy()
    await rm(join(folder, 'model.onnx'))
    await expect(server.load(folder)).rejects.toMatchObject({
      code: 'artifact_missing',
      message: expect.stringMatching(/no readable model.onnx/),
    })
    await rm(join(folder, 'winnow-model.json'))
    await expect(server.load(folder)).rejects.toMatchObject({ code: 'artifact_missing' })
  })
  it('refuses a graph that is not the described one', async () => {
    const folder = await copy()
    await cp(join(root, 'linear-4', 'model.onnx'), join(folder, 'model.onnx'))
    await expect(server.load(folder)).rejects.toMatchObject({
      code: 'deploy_failed',
      message: expect.stringMatching(/is not the file/),
    })
  })
  it('refuses a description that is none', async () => {
    const folder = await copy()
    await writeFile(join(folder, 'winnow-model.json'), '{"format": 2}')
    await expect(server.load(folder)).rejects.toMatchObject({ code: 'deploy_failed' })
    await writeFile(join(folder, 'winnow-model.json'), '{')
    await expect(server.load(folder)).rejects.toMatchObject({ code: 'deploy_failed' })
  })
  it('refuses bytes that are no graph', async () => {
    const folder = await copy()
    await writeFile(join(folder, 'model.onnx'), 'not a graph')
    const description = JSON.parse(await readFile(join(folder, 'winnow-model.json'), 'utf8')) as Record<string, Json>
    const sha256 = '0a2e2b56c6ce3a87c1c4cd3bc4d4a0e4a0bb7b84eafbd2b2c8a0ad8f8b4c3f2a'
    await writeFile(join(folder, 'winnow-model.json'), JSON.stringify({ ...description, sha256 }))
    await expect(server.load(folder)).rejects.toMatchObject({
      code: 'deploy_failed',
      message: expect.stringMatching(/is not the file/),
    })
    const { createHash } = await import('node:crypto')
    const real = createHash('sha256').update('not a graph').digest('hex')
    await writeFile(join(folder, 'winnow-model.json'), JSON.stringify({ ...description, sha256: real }))
    await expect(server.load(folder)).rejects.toMatchObject({
      code: 'deploy_failed',
      message: expect.stringMatching(/cannot be loaded/),
    })
  })
})

describe('life', () => {
  it('leaves other models alone when one is unloaded, and refuses that one', async () => {
    const [first, second] = await Promise.all([
      server.load(join(root, 'linear-2')),
      server.load(join(root, 'linear-4')),
    ])
    await first.unload()
    await expect(first.predict([instance])).rejects.toMatchObject({ code: 9 })
    expect(await second.predict([instance])).toHaveLength(1)
  })

  it('keeps the event loop free while a large batch is predicted', async () => {
    const model = await server.load(join(root, 'forest-4'))
    const large = Array.from({ length: 10 }, () => instances).flat()
    let ticks = 0
    const timer = setInterval(() => {
      ticks += 1
    }, 5)
    await model.predict(large)
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(5)
  })

  it('stops waiting when asked', async () => {
    const model = await server.load(join(root, 'linear-2'))
    const abort = new AbortController()
    const answer = model.predict(instances, abort.signal)
    abort.abort(new Error('enough'))
    await expect(answer).rejects.toThrow('enough')
  })

  it('loads models again after its thread died, and says what happened to those who waited', async () => {
    const mortal = createModelServer({
      program: new URL('./mortal-worker.ts', import.meta.url),
      predictTimeoutMs: 2_000,
    })
    const [one, two] = await Promise.all([mortal.load(join(root, 'linear-2')), mortal.load(join(root, 'boosting-4'))])
    const before = await two.predict([instance])
    for (const deadly of [13, 14]) {
      const batch = Array.from({ length: deadly }, () => instance)
      await expect(one.predict(batch)).rejects.toMatchObject({
        code: 14,
        details: expect.stringMatching(/serving thread ended/),
      })
      expect(await two.predict([instance])).toEqual(before)
      expect(await one.predict([instance])).toHaveLength(1)
    }
    await mortal.close()
    await expect(one.predict([instance])).rejects.toMatchObject({ code: 'not_running' })
  })
})
