import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { winnow } from '../cli/winnow.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-cases-'))
  await writeFile(
    join(folder, 'p.yaml'),
    `version: 1
model: m
metrics: [prunedLeaves]
gates:
  good: {metric: accuracy, atLeast: 0.9}
  no dead class: {metric: recall, each: kind, atLeast: 0.5}
  small: {metric: prunedLeaves, atMost: 3, advisory: true}
  holds: {metric: accuracy, against: m@blessed, atLeast: -0.02}
  reviewed: {check: "change.kind == 'push'"}
`,
  )
  await writeFile(join(folder, 'a.csv'), 'truth,predicted\nx,x\ny,y\n')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const test = async (cases: string, more: readonly string[] = []) => {
  const file = join(folder, 'p.test.yaml')
  await writeFile(file, `version: 1\npolicy: p.yaml\ncases:\n${cases}`)
  const { code, stdout, stderr } = await winnow(['policy', 'test', file, ...more])
  return { code, stdout: stdout.replaceAll(`${folder}/`, ''), stderr: stderr.replaceAll(`${folder}/`, '') }
}

const sound = `  sound:
    evidence: {metrics: {prunedLeaves: 9}, predictions: a.csv}
    references: {m@blessed: {metrics: {accuracy: 0.99}}}
    change: {kind: push}
    expect: {outcome: pass, gates: {good: pass, no dead class: pass, small: fail, holds: pass, reviewed: pass}}
`
const weak = `  weak:
    evidence: {confusion: {labels: [x, y], rows: [[9, 1], [8, 2]]}}
    references: {m@blessed: none}
    change: {kind: retrain}
    expect: {outcome: fail, gates: {good: fail, no dead class: fail, holds: skipped, reviewed: fail}}
`

describe('winnow policy test', () => {
  it('judges stated numbers, confusion matrices and tables, against other models too', async () => {
    const { code, stdout, stderr } = await test(sound + weak)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('2 of 2 cases as expected, 8 of 10 outcomes covered (80 %)')
  })

  it('says what a failing case expected and got, with the number against its limit; and writes it for a CI server', async () => {
    const junit = join(folder, 'junit.xml')
    const { code, stdout } = await test(sound + weak.replace('no dead class: fail', 'no dead class: pass'), [
      '--junit',
      junit,
    ])
    expect(code).toBe(1)
    expect(stdout).toContain(
      'FAILED  p.test.yaml:9: weak\n          no dead class: expected pass, got fail: recall of y is 0.200, 0.300 below the 0.5 that is asked\n',
    )
    const xml = await readFile(junit, 'utf8')
    expect(xml).toContain('<testsuites tests="2" failures="1" errors="0">')
    expect(xml).toMatch(
      /<testcase name="weak"[^>]* line="9">\s*<failure message="no dead class: expected pass, got fail">/,
    )
  })

  it('exits 1 where less is covered than asked, and gives the numbers as JSON', async () => {
    expect((await test(sound + weak, ['--coverage', '80'])).code).toBe(0)
    const { code, stdout } = await test(sound + weak, ['--coverage', '80.1', '--json'])
    expect(code).toBe(1)
    const told = JSON.parse(stdout)
    expect(told).toMatchObject({ ok: false, coverage: { percent: 80, covered: 8, all: 10, least: 80.1 } })
    expect(told.coverage.policies[0].coverage.gates[2]).toEqual({
      gate: 'small',
      expected: ['fail'],
      missing: ['pass'],
    })
  })

  it.each([
    [
      'no dead class: pass',
      'no dead clas: pass',
      'p.test.yaml:8:49: cases.sound.expect.gates.no dead clas: the policy has no such gate, did you mean no dead class?',
    ],
    [
      'prunedLeaves: 9',
      'acuracy: 9',
      'p.test.yaml:5:26: cases.sound.evidence.metrics.acuracy: unknown metric, did you mean accuracy?',
    ],
    [
      'prunedLeaves: 9',
      'zeal: 9',
      'p.test.yaml:5:26: cases.sound.evidence.metrics.zeal: unknown metric: no gate and no check of the policy reads it',
    ],
    [
      'prunedLeaves: 9',
      'recall: 0.9',
      'p.test.yaml:5:34: cases.sound.evidence.metrics.recall: expected a mapping with the recall of each class, got 0.9',
    ],
    [
      'prunedLeaves: 9',
      'f1Score: 0.9',
      'p.test.yaml:5:26: cases.sound.evidence.metrics.f1Score: unknown metric, Winnow calls it f1',
    ],
    ['a.csv', 'b.csv', 'p.test.yaml:5:57: cases.sound.evidence.predictions: there is no file b.csv beside this one'],
    [
      'm@blessed',
      'm@blesed',
      'p.test.yaml:6:18: cases.sound.references.m@blesed: no gate compares with it, did you mean m@blessed?',
    ],
    ['outcome: pass', 'outcome: passed', 'expected one of pass, fail, inconclusive, got "passed", did you mean pass?'],
    ['change: {kind', 'chnge: {kind', 'p.test.yaml:7:5: cases.sound.chnge: unknown key, did you mean change?'],
    ['holds: pass', 'holds: passes', 'did you mean pass?'],
  ])('%s → %s is refused at its place', async (right, wrong, fault) => {
    const { code, stderr } = await test(sound.replace(right, wrong))
    expect(code).toBe(2)
    expect(stderr).toContain(fault)
  })

  it('refuses a policy that is not there, and says where none was named', async () => {
    const file = join(folder, 'lost.test.yaml')
    await writeFile(file, `version: 1\npolicy: lost.yaml\ncases:\n${sound}`)
    const lost = await winnow(['policy', 'test', file])
    expect(lost.code).toBe(2)
    expect(lost.stderr).toContain('lost.test.yaml:2:9: policy: there is no file lost.yaml beside this one')
    expect((await winnow(['policy', 'test', join(folder, 'no.test.yaml')])).stderr).toContain('there is no such file')
  })
})

it('the cases of the example hold, and expect at least half of what its gates can come to', async () => {
  const cases = fileURLToPath(new URL('../../examples/beans/policies/beans.test.yaml', import.meta.url))
  const { code, stdout } = await winnow(['policy', 'test', cases, '--coverage', '50'])
  expect(stdout).not.toContain('FAILED')
  expect(code).toBe(0)
})
