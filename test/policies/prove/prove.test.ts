import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { automlRequirements } from '../../../src/platform/automl/train.ts'
import { sharedEnvironments } from '../../automl/environments.ts'
import { winnow } from '../../cli/winnow.ts'

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const examplePolicy = file('../../../examples/beans/policies/beans.yaml')
const realRows = file('../../../../shared/data/dry_bean.csv')
if (!existsSync(realRows)) console.warn('SKIPPED: the real beans are not here, prove is shown on generated ones alone')

let folder: string
let lesson: string
let python: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-prove-'))
  lesson = join(folder, 'lesson.yaml')
  await writeFile(lesson, 'version: 1\nmodel: beans\ngates:\n  ranks well: {metric: auRoc, atLeast: 0.95}\n')
  python = (await sharedEnvironments().ensure(await automlRequirements())).python
}, 600_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Proof {
  readonly honest: { readonly outcome: string }
  readonly telling: readonly string[]
  readonly slipped: number
  readonly saboteurs: readonly {
    readonly name: string
    readonly ships: boolean
    readonly counts: boolean
    readonly told: string | null
    readonly stoppedBy: readonly { readonly gate: string }[]
    readonly suggestion: { readonly name: string; readonly yaml: string } | null
  }[]
  readonly suggestions: readonly { readonly yaml: string }[]
}

const prove = async (policy: string, predictions: string, more: readonly string[] = []) => {
  const args = ['policy', 'prove', policy, '--predictions', predictions, '--label', 'Class', '--json', ...more]
  const { code, stdout, stderr } = await winnow(args)
  if (stdout === '') throw new Error(stderr)
  return { code, proof: JSON.parse(stdout) as Proof }
}

/** A logistic regression, a tree of depth 3 and a logistic regression of 200 rows, as tables in a folder of their own. */
const tablesOf = async (name: string, beans: string): Promise<string> => {
  const tables = join(folder, name)
  await mkdir(tables, { recursive: true })
  await promisify(execFile)(python, [file('./bean_predictions.py'), beans, tables])
  return tables
}

const generated = async (): Promise<string> => {
  const beans = join(folder, 'beans.csv')
  await promisify(execFile)(python, [
    file('../../../examples/beans/make_beans.py'),
    ...['--rows', '4000', '--seed', '1', '--out', beans],
  ])
  return tablesOf('generated', beans)
}

describe("the lesson's own gate", () => {
  it('ships a model that never finds one variety; the gate against it stops all of them', async () => {
    const tables = await generated()
    const { code, proof } = await prove(lesson, join(tables, 'logistic.csv'))
    expect(code).toBe(1)
    expect(proof.honest.outcome).toBe('pass')
    const dead = proof.saboteurs.filter(({ name }) => name.startsWith('dead class'))
    expect(dead).toHaveLength(7)
    for (const one of dead)
      expect(one).toMatchObject({ ships: true, counts: true, suggestion: { name: 'no dead class' } })
    expect(proof.saboteurs.find(({ name }) => name === 'majority class')).toMatchObject({ ships: false })

    // What is suggested, taken up, is enough.
    const better = join(folder, 'better.yaml')
    const gates = proof.suggestions.map(({ yaml }) => `  ${yaml}\n`).join('')
    await writeFile(better, `version: 1\nmodel: beans\ngates:\n  ranks well: {metric: auRoc, atLeast: 0.95}\n${gates}`)
    expect(await prove(better, join(tables, 'logistic.csv'))).toMatchObject({ code: 0, proof: { slipped: 0 } })

    // The example's policy stops them too, and a model of 200 rows.
    const example = await prove(examplePolicy, join(tables, 'logistic.csv'), [
      ...['--champion', join(tables, 'tree.csv'), '--earlier', join(tables, 'early.csv')],
    ])
    expect(example).toMatchObject({ code: 0, proof: { slipped: 0 } })
    expect(example.proof.saboteurs.filter(({ name }) => name.startsWith('stale'))).toMatchObject([
      { ships: false },
      { ships: false },
    ])
  })

  it.skipIf(!existsSync(realRows))('ships a tree of depth 3 that never finds BARBUNYA, on the real rows', async () => {
    const tables = await tablesOf('real', realRows)
    const tree = await prove(lesson, join(tables, 'tree.csv'))
    expect(tree.proof.honest.outcome).toBe('pass')
    const logistic = await prove(lesson, join(tables, 'logistic.csv'), ['--earlier', join(tables, 'tree.csv')])
    expect(logistic.code).toBe(1)
    expect(logistic.proof.saboteurs.find(({ name }) => name === 'stale: the earlier model')).toMatchObject({
      ships: true,
      counts: true,
      suggestion: { name: 'no dead class' },
    })
    const example = await prove(examplePolicy, join(tables, 'logistic.csv'), ['--earlier', join(tables, 'tree.csv')])
    expect(example.proof.saboteurs.filter(({ ships, counts }) => ships && counts)).toEqual([])
  })
})

describe('what a small table proves', () => {
  const table = (rows: readonly string[]) => ['id,label,predicted', ...rows, ''].join('\n')
  const rows = Array.from({ length: 60 }, (_, i) => `${i},${i % 3 === 0 ? 'b' : 'a'},${i % 3 === 0 ? 'b' : 'a'}`)

  it('a person is told what ships, why it need not count, and what to add', async () => {
    const predictions = join(folder, 'small.csv')
    await writeFile(predictions, table(rows))
    const policy = join(folder, 'accuracy.yaml')
    await writeFile(policy, 'version: 1\nmodel: m\ngates:\n  right: {metric: accuracy, atLeast: 0.6}\n')
    const { code, stdout } = await winnow(['policy', 'prove', policy, '--predictions', predictions])
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /^SHIPS +majority class +always answers a +stopped by no dead class: \{ metric: recall, each: label/m,
    )
    expect(stdout).toMatch(/^ships +leaked labels .*data\.leakedRows can stop it/m)
    expect(stdout).toMatch(/^refused +swapped a and b/m)
    expect(stdout).toMatch(/of the \d+ saboteurs that must be refused slip through/)
  })

  it('a check stops what it is asked to, by what each saboteur measures', async () => {
    const predictions = join(folder, 'checked.csv')
    await writeFile(predictions, table(rows.slice(0, 12)))
    const policy = join(folder, 'checked.yaml')
    await writeFile(policy, 'version: 1\nmodel: m\ngates:\n  right: {check: "metrics.accuracy > 0.9"}\n')
    const { stdout } = await winnow(['policy', 'prove', policy, '--predictions', predictions, '--json'])
    const { honest, saboteurs } = JSON.parse(stdout) as Proof
    expect(honest.outcome).toBe('pass')
    expect(saboteurs.find(({ name }) => name === 'majority class')).toMatchObject({ stoppedBy: [{ gate: 'right' }] })
    expect(saboteurs.find(({ name }) => name === 'leaked labels')).toMatchObject({ stoppedBy: [] })
  })

  it('a leak is stopped by a gate on leaked rows', async () => {
    const predictions = join(folder, 'leak.csv')
    await writeFile(predictions, table(rows))
    const policy = join(folder, 'leak.yaml')
    await writeFile(
      policy,
      'version: 1\nmodel: m\ngates:\n  each: {metric: recall, each: label, atLeast: 0.95}\n  clean: {metric: data.leakedRows, atMost: 0}\n',
    )
    const metrics = join(folder, 'metrics.json')
    await writeFile(metrics, '{"data.leakedRows": 0}')
    const args = ['policy', 'prove', policy, '--predictions', predictions, '--metrics', metrics, '--json']
    const { code, stdout } = await winnow(args)
    expect(code).toBe(0)
    const { saboteurs } = JSON.parse(stdout) as Proof
    expect(saboteurs.find(({ name }) => name === 'leaked labels')).toMatchObject({
      ships: false,
      stoppedBy: [{ gate: 'clean' }],
    })
  })

  it.each([
    ['no gate that the honest model passes', 'right: {metric: logLoss, atMost: 0.1}', '', /Nothing can be proved/],
    [
      'a policy with faults',
      'right: {metric: acuracy, atLeast: 0.1}',
      '',
      /unknown metric acuracy, did you mean accuracy/,
    ],
    ['no table', 'right: {metric: accuracy, atLeast: 0.1}', 'none.csv', /there is no such file/],
  ])('%s proves nothing: exit code 2', async (name, gate, missing, words) => {
    const predictions = join(folder, missing || 'nothing.csv')
    if (missing === '') await writeFile(predictions, table(rows))
    const policy = join(folder, `${name}.yaml`)
    await writeFile(policy, `version: 1\nmodel: m\ngates:\n  ${gate}\n`)
    const { code, stdout, stderr } = await winnow(['policy', 'prove', policy, '--predictions', predictions])
    expect(code).toBe(2)
    expect(`${stdout}${stderr}`).toMatch(words)
  })
})
