import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ModelEvidence } from '../gates/case.ts'
import { judge } from '../gates/judge.ts'
import { parsePolicy } from '../language/parse-policy.ts'
import { answersOf, measure } from '../measures/measure.ts'
import type { ClassPredictions, NumberPredictions, Predictions } from '../predictions/predictions.ts'
import { createRandom } from '../statistics/random.ts'
import { lossOf, toleranceOf } from './loss.ts'
import { moveAnswers } from './moved-answers.ts'
import { proveSaboteur, tellingGates } from './proof.ts'
import { saboteursOf } from './saboteurs.ts'
import { plainestGates, stoppingGates, suggestedGates } from './suggested-gates.ts'

const classes = ['BOMBAY', 'CALI', 'SIRA']

/** A model that is right with the given chance and says so. */
const model = (rows: number, right: number, seed = 1, scored = true): ClassPredictions => {
  const random = createRandom(seed)
  const truth = new Int32Array(rows)
  const predicted = new Int32Array(rows)
  const scores = new Float64Array(rows * 3)
  for (let i = 0; i < rows; i++) {
    truth[i] = random.uniform() < 0.1 ? 0 : random.uniform() < 0.5 ? 1 : 2
    predicted[i] = random.uniform() < right ? (truth[i] as number) : random.below(3)
    scores.fill((1 - right) / 2, i * 3, i * 3 + 3)
    scores[i * 3 + (predicted[i] as number)] = right
  }
  const ids = Array.from({ length: rows }, (_, i) => `grain ${i}`)
  return { kind: 'classification', rows, ids, columns: {}, classes, truth, predicted, scores: scored ? scores : null }
}

const regression = (rows: number): NumberPredictions => {
  const random = createRandom(5)
  const truth = Float64Array.from({ length: rows }, () => 10 * random.uniform())
  const near = truth.map((value) => value + random.uniform() - 0.5)
  return {
    kind: 'regression',
    rows,
    ids: null,
    columns: {},
    truth,
    predicted: near,
    quantiles: [{ quantile: 0.5, predicted: near }],
  }
}

const all = (honest: Predictions) => saboteursOf({ honest, champion: honest, earlier: honest, seed: 1 })

const evidenceOf = (predictions: Predictions): ModelEvidence => ({
  evidence: { metrics: {}, perClass: {}, confusion: null },
  answers: answersOf(predictions),
})

const policyOf = (gates: string) => {
  const parsed = parsePolicy(`version: 1\nmodel: beans\ngates:\n${gates}`, 'p.yaml')
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))
  return parsed.value
}

const judged = (policy: ReturnType<typeof policyOf>, predictions: Predictions) =>
  judge(policy, { candidate: evidenceOf(predictions), references: {}, checks: {}, approvals: [], author: '' })

describe('every saboteur', () => {
  it.each([
    ['a classifier', model(300, 0.9)],
    ['one without probabilities', model(300, 0.9, 2, false)],
    ['a regression', regression(300)],
  ])('of %s answers the same examples, the same way each time', (_, honest) => {
    const made = all(honest)
    expect(new Set(made.map(({ name }) => name)).size).toBe(made.length)
    for (const { name, make } of made) {
      const bad = make()
      expect(bad, name).toMatchObject({ kind: honest.kind, rows: honest.rows, truth: honest.truth, ids: honest.ids })
      expect(make(), name).toEqual(bad)
      if (bad.kind === 'regression' || bad.scores === null) continue
      for (let i = 0; i < bad.rows; i++) {
        const sum = bad.scores.slice(i * 3, i * 3 + 3).reduce((total, score) => total + score, 0)
        expect(Math.abs(sum - 1), name).toBeLessThan(1e-12)
      }
    }
  })

  it('is made of one example, and of one class', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.boolean(), (rows, scored) => {
        const honest = model(rows, 0.9, rows, scored)
        const lone = { ...honest, classes: ['BOMBAY'], truth: new Int32Array(rows), predicted: new Int32Array(rows) }
        const scores = scored ? new Float64Array(rows).fill(1) : null
        for (const one of [honest, { ...lone, scores }])
          for (const { make } of all(one)) expect(make().predicted.every((k) => k < one.classes.length)).toBe(true)
      }),
    )
  })
})

it.each([true, false])('a dead class is never found, and no other one less often (probabilities: %s)', (scored) => {
  const honest = model(500, 0.8, 3, scored)
  const before = answersOf(honest)
  for (const dead of classes) {
    const bad = answersOf(
      all(honest)
        .find(({ name }) => name === `dead class ${dead}`)
        ?.make() as Predictions,
    )
    for (const of of classes) {
      const recall = measure(bad, { metric: 'recall', of }) as number
      if (of === dead) expect(recall).toBe(0)
      else expect(recall).toBeGreaterThanOrEqual(measure(before, { metric: 'recall', of }) as number)
    }
  }
})

it('moved answers: none of a share of 0, all of 1, and a larger share holds the smaller', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(1000), (rows, seed) => {
      const honest: NumberPredictions = {
        ...regression(rows),
        predicted: Float64Array.from({ length: rows }, (_, i) => i),
      }
      const moved = (share: number) => {
        const { predicted } = moveAnswers(honest, share, seed)
        expect([...predicted].sort((a, b) => a - b)).toEqual([...honest.predicted])
        return new Set([...predicted.keys()].filter((i) => predicted[i] !== i))
      }
      expect(moved(0).size).toBe(0)
      expect(moved(1).size).toBe(rows)
      expect(moved(0.9)).toEqual(new Set([...moved(0.9), ...moved(0.4)]))
    }),
  )
})

describe('what counts', () => {
  const rules = { tolerance: 0.05, probabilities: true }
  const honest = model(2000, 0.95)

  const prove = (gates: string) => {
    const policy = policyOf(gates)
    const telling = tellingGates(judged(policy, honest))
    return new Map(
      all(honest).map((saboteur) => {
        const bad = saboteur.make()
        const loss = lossOf(answersOf(bad), answersOf(honest))
        const sameDecisions = bad.predicted.every((one, i) => one === honest.predicted[i])
        return [
          saboteur.name,
          proveSaboteur({ saboteur, judgement: judged(policy, bad), loss, sameDecisions }, telling, rules),
        ]
      }),
    )
  }

  it('a gate on ranks alone ships a model that never finds a class; one on each class stops it', () => {
    expect(prove('  ranks well: {metric: auRoc, atLeast: 0.9}\n').get('dead class BOMBAY')).toMatchObject({
      ships: true,
      counts: true,
    })
    expect(
      prove('  no dead class: {metric: recall, each: Class, atLeast: 0.85}\n').get('dead class BOMBAY'),
    ).toMatchObject({ ships: false, stoppedBy: [{ gate: 'no dead class', outcome: 'fail' }] })
  })

  it('a gate that refuses the honest model, too, proves nothing', () => {
    const proved = prove('  too much: {metric: accuracy, atLeast: 0.999}\n  ok: {metric: accuracy, atLeast: 0.01}\n')
    expect(proved.get('majority class')).toMatchObject({ ships: true, stoppedBy: [] })
  })

  it('noise counts from the loss on that is not tolerated, and a leak is told', () => {
    const proved = prove('  any: {metric: accuracy, atLeast: 0.01}\n')
    expect(proved.get('noise 2 %')).toMatchObject({ counts: false, told: expect.stringContaining('up to 0.05') })
    expect(proved.get('noise 25 %')).toMatchObject({ counts: true })
    expect(proved.get('leaked labels')).toMatchObject({ ships: true, counts: false })
    expect(proved.get('stale: the champion')).toMatchObject({ counts: false, loss: 0 })
  })

  it.each([
    ['  a: {metric: macroF1, against: champion, atLeast: -0.005}\n', 0.05],
    ['  a: {metric: macroF1, against: champion, atLeast: -0.2}\n', 0.2],
    ['  a: {metric: macroF1, against: champion, atLeast: -0.2, advisory: true}\n', 0.05],
    ['  a: {metric: accuracy, atLeast: 0.2}\n', 0.05],
  ])('%s tolerates %d', (gates, tolerance) => {
    expect(toleranceOf(policyOf(gates), 'classification')).toBe(tolerance)
  })
})

describe('suggested gates', () => {
  it.each([
    ['a classifier', model(2000, 0.95)],
    ['a regression', regression(2000)],
  ])('are passed by %s itself and are no faults in a policy', (_, honest) => {
    const gates = suggestedGates(answersOf(honest), 'Class')
    expect(gates.length).toBeGreaterThan(5)
    expect(stoppingGates(gates, answersOf(honest))).toEqual([])
    for (const { yaml, gate } of gates) expect(policyOf(`  ${yaml}\n`).gates).toEqual([gate])
  })

  it('one on each class stops every dead one', () => {
    const honest = model(2000, 0.95)
    const gates = suggestedGates(answersOf(honest), 'Class')
    const dead = all(honest).filter(({ name }) => name.startsWith('dead class'))
    const stopping = new Map(dead.map(({ name, make }) => [name, stoppingGates(gates, answersOf(make()))]))
    const chosen = plainestGates(stopping)
    expect([...chosen.keys()]).toEqual(dead.map(({ name }) => name))
    expect(new Set([...chosen.values()].map(({ name }) => name))).toEqual(new Set(['no dead class']))
  })

  it('the tightest of one metric stands for all that need it', () => {
    const gates = suggestedGates(answersOf(model(2000, 0.95)), 'Class').filter(({ name }) => name === 'no dead class')
    const [wide, , tight] = gates
    const stopping = new Map([
      ['a', gates],
      ['b', gates.slice(2)],
      ['c', []],
    ])
    expect([...plainestGates(stopping)]).toEqual([
      ['a', tight],
      ['b', tight],
    ])
    expect(wide?.gate.atLeast).toBeLessThan(tight?.gate.atLeast as number)
  })
})
