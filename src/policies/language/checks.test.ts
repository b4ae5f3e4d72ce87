import { expect, it } from 'vitest'
import { checkFactsOf } from '../gates/check-facts.ts'
import { evaluateCheck } from './checks.ts'

const nothing = { evidence: { metrics: {}, perClass: {}, confusion: null }, answers: null }
const factsOf = (expression: string, candidate = nothing as Parameters<typeof checkFactsOf>[0]['candidate']) =>
  checkFactsOf({ candidate, references: {} }, [expression], { change: {}, candidate: {} })

it.each(['classes.all(c, classes[c].recall >= 0.8)', 'data.columns.all(c, data.columns[c].missing < 0.01)'])(
  '%s is not true of none at all',
  (expression) => {
    expect(evaluateCheck(expression, factsOf(expression))).toMatchObject({ ok: false })
  },
)

it('looks at every class that is known', () => {
  const expression = 'classes.all(c, classes[c].recall >= 0.8)'
  const of = (b: number) => ({
    ...nothing,
    evidence: { ...nothing.evidence, perClass: { recall: { a: 0.9, b } } },
  })
  expect(evaluateCheck(expression, factsOf(expression, of(0.8)))).toEqual({ ok: true, value: true })
  expect(evaluateCheck(expression, factsOf(expression, of(0.7)))).toEqual({ ok: true, value: false })
})
