import { describe, expect, it } from 'vitest'
import { formatFault } from '../../declarations/placed-fault.ts'
import { parsePolicy } from '../language/parse-policy.ts'
import { answersOf } from '../measures/measure.ts'
import type { ClassPredictions, Column } from '../predictions/predictions.ts'
import { createRandom } from '../statistics/random.ts'
import type { Case, ModelEvidence, ReferenceEvidence } from './case.ts'
import { judge } from './judge.ts'

// Whole policies, as they are written, against cases of which every number is known.

const stated = { metrics: {}, perClass: {}, confusion: null }

/** Two classes in equal shares, of which a share `right` is met, the wrong ones spread over the examples by chance. */
const answering = (rows: number, right: number, seed = 1, columns: Record<string, Column> = {}): ClassPredictions => {
  const random = createRandom(seed)
  const truth = Int32Array.from({ length: rows }, (_, i) => i % 2)
  const order = Array.from({ length: rows }, (_, i) => i).sort(() => random.uniform() - 0.5)
  const predicted = truth.slice()
  for (const i of order.slice(0, Math.round(rows * (1 - right)))) predicted[i] = 1 - (truth[i] as number)
  const scores = new Float64Array(rows * 2)
  predicted.forEach((k, i) => {
    const sure = 0.6 + 0.3 * random.uniform()
    scores[2 * i + k] = sure
    scores[2 * i + 1 - k] = 1 - sure
  })
  return { kind: 'classification', rows, ids: null, columns, classes: ['a', 'b'], truth, predicted, scores }
}

const known = (predictions: ClassPredictions): ModelEvidence => ({ evidence: stated, answers: answersOf(predictions) })

const judged = (gates: string, candidate: ModelEvidence, more: Partial<Case> = {}) => {
  const parsed = parsePolicy(`version: 1\nmodel: m\nresamples: 1000\ngates:\n${gates}`, 'p.yaml')
  if (!parsed.ok) throw new Error(parsed.faults.map(formatFault).join('\n'))
  return judge(parsed.value, { candidate, references: {}, checks: {}, approvals: [], author: 'grower', ...more })
}

const champion = (predictions: ClassPredictions): Partial<Case> => ({
  references: { champion: { kind: 'known', ...known(predictions) } },
})

describe('a limit with confidence', () => {
  const gate = '  good: {metric: accuracy, atLeast: 0.9, confidence: 0.95}\n'
  it.each([
    [400, 0.95, 'pass'],
    [400, 0.85, 'fail'],
    [400, 0.91, 'inconclusive'],
    [20, 0.95, 'inconclusive'],
    [400, 0.9, 'inconclusive'],
  ])('%d examples of which %d are right: %s', (rows, right, outcome) => {
    const result = judged(gate, known(answering(rows, right)))
    expect(result.outcome).toBe(outcome)
    const [check] = result.gates[0]?.checks ?? []
    expect(check).toMatchObject({ examples: rows, value: right, interval: { confidence: 0.95, method: 'Wilson' } })
    expect(check?.interval?.low).toBeLessThan(right)
    expect(check?.interval?.high).toBeGreaterThan(right)
  })

  it('says how many more examples would tell', () => {
    const { reason } = judged(gate, known(answering(400, 0.92)))
    const [, more] = /some (\d+) more examples/.exec(reason) ?? []
    // (1.645 · √(0.9 · 0.1) / 0.02)² ≈ 609 examples in all, 209 more than there are; two digits of it.
    expect(Number(more)).toBe(210)
    expect(judged(gate, known(answering(600, 0.92))).outcome).toBe('inconclusive')
    expect(judged(gate, known(answering(625, 0.92))).outcome).toBe('pass')
  })

  it('says how many more examples would tell where several gates are corrected together', () => {
    const gates = Array.from({ length: 5 }, (_, i) => gate.replace('good', `good ${i}`)).join('')
    const { outcome, gates: told } = judged(gates, known(answering(700, 0.92)))
    expect(outcome).toBe('inconclusive')
    // One alone would pass. At a fifth of the level: (2.326 · √(0.9 · 0.1) / 0.02)² ≈ 1,218 examples, 518 more.
    expect(judged(gate, known(answering(700, 0.92))).outcome).toBe('pass')
    expect(told[0]?.reason).toContain('some 520 more examples')
    expect(judged(gates, known(answering(1225, 0.92))).outcome).toBe('pass')
  })

  it('asks for more resamples where these cannot show less', () => {
    const many = Array.from(
      { length: 60 },
      (_, i) => `  g${i}: {metric: macroF1, atLeast: 0.5, confidence: 0.95}\n`,
    ).join('')
    const { outcome, gates } = judged(many, known(answering(400, 0.95)))
    expect(outcome).toBe('inconclusive')
    expect(gates[0]?.reason).toContain('of 60 such checks together, `resamples: 1200` would tell')
  })

  it('is met by counts alone, and cannot be told where nothing is counted', () => {
    const confusion = {
      labels: ['a', 'b'],
      rows: [
        [190, 10],
        [10, 190],
      ],
    }
    const counted = judged(gate, { evidence: { ...stated, metrics: { accuracy: 0.95 }, confusion }, answers: null })
    expect(counted.outcome).toBe('pass')
    const bare = judged(gate, { evidence: { ...stated, metrics: { accuracy: 0.95 } }, answers: null })
    expect(bare.outcome).toBe('inconclusive')
    expect(bare.reason).toMatch(/nothing tells how sure that is: per-example predictions would/)
  })

  it('is corrected for all confident gates that are held, and for no advisory one', () => {
    const many = (advisory: boolean) =>
      Array.from(
        { length: 30 },
        (_, i) =>
          `  g${i}: {metric: accuracy, atLeast: 0.9, confidence: 0.95${advisory && i > 0 ? ', advisory: true' : ''}}\n`,
      ).join('')
    const model = known(answering(400, 0.93))
    expect(judged(gate, model).outcome).toBe('pass')
    expect(judged(many(true), model).outcome).toBe('pass')
    const corrected = judged(many(false), model)
    expect(corrected.outcome).toBe('inconclusive')
    expect(corrected.gates[0]?.checks[0]?.interval?.meets).toBeGreaterThan(0.05)
  })

  it('gives the same verdict bit for bit, and another draw with another seed', () => {
    const text = '  good: {metric: macroF1, atLeast: 0.9, confidence: 0.95}\n'
    const model = answering(300, 0.93)
    expect(judged(text, known(model))).toEqual(judged(text, known(model)))
  })
})

describe('against a champion', () => {
  const gate = '  holds: {metric: accuracy, against: champion, atLeast: -0.02, confidence: 0.95}\n'
  it('is paired: what both get right falls out of the difference', () => {
    const before = answering(400, 0.9)
    const result = judged(gate, known(before), champion(before))
    expect(result.outcome).toBe('pass')
    expect(result.gates[0]?.checks[0]).toMatchObject({
      value: 0,
      change: { kind: 'absolute', against: 'champion', candidate: 0.9, reference: 0.9 },
      interval: { method: 'McNemar' },
    })
    // Two models that err on other examples: the same numbers, and not enough of them.
    expect(judged(gate, known(answering(400, 0.9, 2)), champion(before)).outcome).toBe('inconclusive')
    expect(judged(gate, known(answering(400, 0.75, 2)), champion(before)).outcome).toBe('fail')
  })

  it('may be a relative change', () => {
    const result = judged(
      '  holds: {metric: accuracy, against: champion, atLeast: -10%}\n',
      known(answering(100, 0.72)),
      champion(answering(100, 0.8)),
    )
    expect(result.outcome).toBe('pass')
    expect(result.gates[0]?.checks[0]?.value).toBeCloseTo(-0.1, 12)
    expect(result.gates[0]?.reason).toBe(
      'accuracy changes by -10.000 % (0.720 after 0.800 of champion), exactly the -10 % that is asked',
    )
  })

  it('that there is not yet is skipped, and the other gates decide', () => {
    const none: Partial<Case> = { references: { champion: { kind: 'none', reason: 'there is no champion yet' } } }
    const value = '  good: {metric: accuracy, atLeast: 0.8}\n'
    const both = judged(gate + value, known(answering(100, 0.9)), none)
    expect(both).toMatchObject({ outcome: 'pass', reason: '1 gates passed, 1 skipped' })
    expect(both.gates[0]).toMatchObject({ outcome: 'skipped', reason: 'skipped: there is no champion yet' })
    expect(judged(gate, known(answering(100, 0.9)), none)).toMatchObject({
      outcome: 'inconclusive',
      reason: 'nothing was judged: every gate was skipped',
    })
    expect(judged(gate + value, known(answering(100, 0.7)), none).outcome).toBe('fail')
  })

  it('of which nothing is known is inconclusive', () => {
    const unknown: ReferenceEvidence = { kind: 'unknown', reason: 'the endpoint did not answer' }
    const result = judged(gate, known(answering(100, 0.9)), { references: { champion: unknown } })
    expect(result.outcome).toBe('inconclusive')
    expect(result.reason).toContain('accuracy cannot be compared with champion: the endpoint did not answer')
  })

  it('that knows a class which the candidate has lost is not beaten by leaving it out', () => {
    const before = answering(100, 0.9)
    const lost: ModelEvidence = {
      evidence: { metrics: {}, perClass: { recall: { a: 0.95 } }, confusion: null },
      answers: null,
    }
    const text = '  each: {metric: recall, each: kind, against: champion, atLeast: -0.2}\n'
    expect(judged(text, lost, champion(before)).outcome).toBe('fail')
  })
})

describe('against the baseline, which always gives the best constant answer', () => {
  it.each([
    ['accuracy', 'atLeast: 0.2', 0.9, 'pass'],
    ['accuracy', 'atLeast: 0.2', 0.55, 'fail'],
    ['logLoss', 'atMost: -0.1', 0.95, 'pass'],
  ])('%s %s of a model that is right in %d: %s', (metric, limit, right, outcome) => {
    expect(
      judged(`  g: {metric: ${metric}, against: baseline, ${limit}}\n`, known(answering(200, right))).outcome,
    ).toBe(outcome)
  })
})

describe('slices', () => {
  const region: Column = {
    values: ['north', 'south'],
    codes: Int32Array.from({ length: 100 }, (_, i) => (i < 90 ? 0 : 1)),
  }
  const season: Column = {
    values: ['wet', 'dry'],
    codes: Int32Array.from({ length: 100 }, (_, i) => (i % 4 < 2 ? 0 : 1)),
  }
  const model = (right: number): ModelEvidence => known(answering(100, right, 1, { region, season }))
  const check = (gate: string, right = 0.95) => judged(`  g: {metric: accuracy, atLeast: 0.5, ${gate}}\n`, model(right))

  it('by a column, a list, and a crossing', () => {
    expect(check('slices: region').gates[0]?.checks.map(({ slice, examples }) => [slice, examples])).toEqual([
      ['region = north', 90],
      ['region = south', 10],
    ])
    expect(check('slices: [region, season]').gates[0]?.checks).toHaveLength(4)
    expect(check('slices: [[region, season]]').gates[0]?.checks.map(({ slice }) => slice)).toEqual([
      'region = north, season = dry',
      'region = north, season = wet',
      'region = south, season = dry',
      'region = south, season = wet',
    ])
  })

  it('with too few examples are inconclusive and named; with a column that is not there they fail', () => {
    const few = check('slices: region, minExamples: 30')
    expect(few.outcome).toBe('inconclusive')
    expect(few.reason).toContain('accuracy where region = south is known of 10 examples only, 20 fewer than the 30')
    const missing = check('slices: regoin')
    expect(missing.outcome).toBe('fail')
    expect(missing.reason).toContain('the predictions have no column regoin: there are region, season')
  })

  it('are not what each takes: a column beside the target fails, the target under another name does not', () => {
    const labels: Column = { values: ['a', 'b'], codes: Int32Array.from({ length: 100 }, (_, i) => i % 2) }
    const both = known(answering(100, 95, 1, { region, kind: labels }))
    const recall = (each: string) => judged(`  g: {metric: recall, atLeast: 0.5, each: ${each}}\n`, both)
    expect(recall('region').outcome).toBe('fail')
    expect(recall('region').reason).toContain('region is another column: its values are `slices: region`')
    expect(recall('Class').outcome).toBe(recall('kind').outcome)
    expect(recall('kind').gates[0]?.checks.map(({ of }) => of)).toEqual(['a', 'b'])
  })

  it('of a champion of which only numbers of all examples are known are not compared with these', () => {
    const references = {
      champion: { kind: 'known', evidence: { ...stated, metrics: { accuracy: 0.3 } }, answers: null },
    } as const satisfies Case['references']
    const text = '  g: {metric: accuracy, against: champion, atLeast: 0, slices: region}\n'
    const result = judged(text, model(0.95), { references })
    expect(result.outcome).toBe('inconclusive')
    expect(result.reason).toContain('a part needs them')
  })

  it('whose names read alike are not taken for each other', () => {
    const of = (values: readonly string[], code: (i: number) => number): Column => ({
      values,
      codes: Int32Array.from({ length: 100 }, (_, i) => code(i)),
    })
    const a = of(['x, b = y', 'x'], (i) => (i < 20 ? 0 : 1))
    const b = of(['y', 'z'], (i) => (i < 60 ? 0 : 1))
    const candidate = known(answering(100, 0.9, 1, { a, b }))
    const result = judged('  g: {metric: accuracy, atLeast: 0, slices: [a, [a, b]]}\n', candidate)
    const alike = result.gates[0]?.checks.filter(({ slice }) => slice === 'a = x, b = y') ?? []
    expect(alike.map(({ examples }) => examples)).toEqual([20, 40])
  })

  it('cannot be told of numbers that were stated', () => {
    const text = '  g: {metric: accuracy, atLeast: 0.5, slices: region}\n'
    const result = judged(text, { evidence: { ...stated, metrics: { accuracy: 0.9 } }, answers: null })
    expect(result.outcome).toBe('inconclusive')
    expect(result.reason).toMatch(/cannot be told without per-example predictions/)
  })
})

describe('checks, people and advice', () => {
  const model = known(answering(100, 0.9))
  const good = '  good: {metric: accuracy, atLeast: 0.8}\n'
  it.each([
    [{ ok: true, value: true }, 'pass'],
    [{ ok: true, value: false }, 'fail'],
    [{ ok: false, reason: 'No such key: rows' }, 'inconclusive'],
  ] as const)('a check that gives %j: %s', (result, outcome) => {
    expect(judged(`${good}  clean: {check: "data.rows >= 1000"}\n`, model, { checks: { clean: result } }).outcome).toBe(
      outcome,
    )
  })

  it('a check that nobody evaluated is inconclusive', () => {
    expect(judged(`${good}  clean: {check: "data.rows >= 1000"}\n`, model).outcome).toBe('inconclusive')
  })

  const approve = (by: string, groups: readonly string[] = []) =>
    ({ by, groups, decision: 'approve', reason: '' }) as const
  it.each([
    [[], 'inconclusive', 'it waits for 2 approvals of ml-leads, not by grower'],
    [[approve('mia', ['ml-leads'])], 'inconclusive', 'it waits for one approval of ml-leads, not by grower'],
    [[approve('mia', ['ml-leads']), approve('mia', ['ml-leads'])], 'inconclusive', 'one approval'],
    [[approve('mia', ['ml-leads']), approve('grower', ['ml-leads'])], 'inconclusive', 'one approval'],
    [[approve('mia', ['ml-leads']), approve('noa', ['guests'])], 'inconclusive', 'one approval'],
    [[approve('mia', ['ml-leads']), approve('noa', ['ml-leads'])], 'pass', 'all 2 gates passed'],
    [
      [approve('mia', ['ml-leads']), { ...approve('noa', ['ml-leads']), decision: 'reject', reason: 'too soon' }],
      'fail',
      'noa has rejected it: too soon',
    ],
  ] as const)('people: %j → %s', (approvals, outcome, reason) => {
    const text = `${good}  people: {require: {count: 2, from: [ml-leads], notAuthor: true}}\n`
    const result = judged(text, model, { approvals })
    expect(result.outcome).toBe(outcome)
    expect(result.reason).toContain(reason)
  })

  it('advice is told and does not count', () => {
    const text = `${good}  better: {metric: accuracy, atLeast: 0.99, advisory: true}\n`
    const result = judged(text, model)
    expect(result.outcome).toBe('pass')
    expect(result.gates[1]).toMatchObject({ advisory: true, outcome: 'fail' })
    expect(judged('  better: {metric: accuracy, atLeast: 0.5, advisory: true}\n', model)).toMatchObject({
      outcome: 'inconclusive',
      reason: 'nothing was judged: all gates are advisory',
    })
  })
})

describe('a metric that the answers cannot give', () => {
  const decisions: ClassPredictions = { ...answering(10, 0.9), scores: null }
  const numbers: ModelEvidence = {
    evidence: stated,
    answers: answersOf({
      kind: 'regression',
      rows: 2,
      ids: null,
      columns: {},
      truth: Float64Array.of(0, 1),
      predicted: Float64Array.of(0, 1),
      quantiles: [],
    }),
  }
  it.each([
    ['accuracy, atLeast: 0.5', numbers, 'the predictions are numbers; classes are words, or have p_ columns'],
    ['rmse, atMost: 1', known(decisions), 'the predictions are classes, not numbers'],
    ['auRoc, atLeast: 0.5', known(decisions), 'the predictions are decisions, without the probability of each class'],
  ])('%s says why', (gate, model, why) => {
    const result = judged(`  g: {metric: ${gate}}\n`, model)
    expect(result.outcome).toBe('fail')
    expect(result.gates[0]?.reason).toMatch(new RegExp(`is missing from the evidence: ${why}$`))
  })
})
