import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { automlRequirements } from '../../src/platform/automl/train.ts'
import { sharedEnvironments } from '../automl/environments.ts'
import { start, winnow } from '../cli/winnow.ts'

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const realRows = file('../../../shared/data/dry_bean.csv')
if (!existsSync(realRows)) console.warn('SKIPPED: the real beans are not here, check is shown on generated ones alone')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-check-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const write = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}
const policy = (gates: string): Promise<string> => write('p.yaml', `version: 1\nmodel: m\ngates:\n${gates}`)
const answers = 'id,label,p_a,p_b\n1,a,0.9,0.1\n2,b,0.2,0.8\n3,a,0.3,0.7\n4,b,0.4,0.6\n'

describe('exit codes', () => {
  it.each([
    ['  good: {metric: accuracy, atLeast: 0.7}\n', 0, /^pass: its one gate passed/],
    ['  good: {metric: accuracy, atLeast: 0.8}\n', 1, /^fail: refused by good \(accuracy is 0\.750, 0\.050 below/],
    ['  good: {metric: accuracy, atLeast: 0.7, confidence: 0.95}\n', 3, /^inconclusive: not enough evidence for good/],
    ['  own: {check: "metrics.accuracy > 0.7 && classes.a.recall == 0.5"}\n', 0, /^pass/],
    ['  people: {require: {count: 1}}\n', 3, /it waits for one approval/],
  ])('%s → %d', async (gates, code, words) => {
    const told = await winnow(['policy', 'check', await policy(gates), '--predictions', await write('a.csv', answers)])
    expect(told).toMatchObject({ code, stderr: '' })
    expect(told.stdout).toMatch(words)
  })

  it('2 where it could not be judged: a policy with faults, a table that cannot be read, metrics that are none', async () => {
    const good = '  good: {metric: accuracy, atLeast: 0.7}\n'
    const table = await write('a.csv', answers)
    const bad = await write('bad.csv', 'label,p_a\nb,0.5\n')
    for (const [gates, more, words] of [
      [good, [], 'there is nothing to judge'],
      [good.replace('accuracy', 'acuracy'), ['--predictions', table], 'did you mean accuracy?'],
      [good, ['--predictions', bad], 'bad.csv:2: label: expected one of a, the p_ columns, got "b"'],
      [good, ['--predictions', join(folder, 'no.csv')], 'there is no such file'],
      [good, ['--predictions', table, '--label', 'lable'], 'there is no column lable, did you mean label?'],
      [
        good,
        ['--metrics', await write('m.json', '{"acuracy": 1}')],
        'm.json:1:2: acuracy: unknown metric, did you mean',
      ],
    ] as const) {
      const told = await winnow(['policy', 'check', await policy(gates), ...more])
      expect(told).toMatchObject({ code: 2, stdout: '' })
      expect(told.stderr).toContain(words)
    }
  })
})

it.each([
  ['standard output', 'stdout', answers, 1],
  ['standard error', 'stderr', answers.replaceAll('0.', '7.'), 2],
] as const)('whoever reads %s may leave early: the exit code is the same', async (_name, stream, table, code) => {
  const strict = await policy('  good: {metric: accuracy, atLeast: 0.8}\n')
  const child = start(['policy', 'check', strict, '--predictions', await write('early.csv', table)])
  child[stream].destroy()
  expect((await once(child, 'exit'))[0]).toBe(code)
})

it('lays the champion beside the candidate by ids, whatever the order, and refuses other examples', async () => {
  const gates = await policy('  better: {metric: accuracy, against: champion, atLeast: 0.25}\n')
  const champion = await write(
    'c.jsonl',
    [3, 1, 4, 2].map((id) => `{"id": ${id}, "label": "${id % 2 ? 'a' : 'b'}", "p_b": 0, "p_a": 1}\n`).join(''),
  )
  const run = async (path: string) => {
    const args = [
      'policy',
      'check',
      gates,
      '--predictions',
      await write('a.csv', answers),
      '--champion',
      path,
      '--json',
    ]
    const { code, stdout } = await winnow(args)
    return { code, judged: JSON.parse(stdout) }
  }
  const { code, judged } = await run(champion)
  expect(code).toBe(0)
  expect(judged.gates[0].checks[0].change).toMatchObject({ candidate: 0.75, reference: 0.5 })
  const other = await run(await write('d.csv', answers.replace('1,a', '9,a')))
  expect(other.code).toBe(3)
  expect(other.judged.reason).toContain('it did not answer the same examples: the example 1 is in one only')
})

it('reads gate sets from the folder that has winnow.yaml', async () => {
  const root = join(folder, 'repository')
  await mkdir(join(root, 'policies'), { recursive: true })
  await mkdir(join(root, 'gates'))
  await writeFile(join(root, 'winnow.yaml'), '')
  await writeFile(join(root, 'gates', 'all.yaml'), 'version: 1\ngates: {fast: {metric: latency.p99, atMost: 50ms}}\n')
  await writeFile(join(root, 'policies', 'm.yaml'), 'version: 1\nmodel: m\nuse: [gates/all.yaml]\n')
  const metrics = await write('m.json', '{"latency": {"p99": 60}}')
  const { code, stdout } = await winnow(['policy', 'check', join(root, 'policies', 'm.yaml'), '--metrics', metrics])
  expect(code).toBe(1)
  expect(stdout).toContain('latency.p99 is 60.000 ms, 10.000 ms above the 50 ms that is allowed')
})

describe("the lesson's gate", () => {
  const cases = ['generated', ...(existsSync(realRows) ? ['real'] : [])]
  it.each(cases)(
    'passes a tree that never finds one variety on %s beans; the example policy refuses it',
    async (kind) => {
      const { python } = await sharedEnvironments().ensure(await automlRequirements())
      const tables = join(folder, kind)
      await mkdir(tables)
      const beans = kind === 'real' ? realRows : join(tables, 'beans.csv')
      if (kind === 'generated')
        await promisify(execFile)(python, [
          file('../../examples/beans/make_beans.py'),
          ...['--rows', '13000', '--seed', '1', '--out', beans],
        ])
      await promisify(execFile)(python, [file('./prove/bean_predictions.py'), beans, tables])
      const lesson = await policy('  ranks well: {metric: auRoc, atLeast: 0.95}\n')
      const example = await write(
        'example.yaml',
        `version: 1
model: beans
gates:
  ranks well: {metric: auRoc, atLeast: 0.95}
  good enough: {metric: macroF1, atLeast: 0.90}
  no dead class: {metric: recall, each: Class, atLeast: 0.80}
  calibrated: {metric: logLoss, atMost: 0.30}
`,
      )
      const check = async (by: string, name: string) => {
        const args = ['policy', 'check', by, '--predictions', join(tables, name), '--label', 'Class', '--json']
        const { code, stdout } = await winnow(args)
        return { code, reason: JSON.parse(stdout).reason as string }
      }
      expect((await check(lesson, 'tree.csv')).code).toBe(0)
      const refused = await check(example, 'tree.csv')
      expect(refused.code).toBe(1)
      expect(refused.reason).toMatch(/no dead class \(recall of \w+ is 0\.000/)
      expect((await check(example, 'logistic.csv')).code).toBe(0)
    },
  )
})
