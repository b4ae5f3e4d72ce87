import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { jsonSchemaOf } from './json-schema.ts'
import { parsePolicy } from './parse-policy.ts'

const validator = (of: Parameters<typeof jsonSchemaOf>[0]) =>
  new Ajv2020({ strict: true, strictRequired: false, strictTypes: false }).compile(jsonSchemaOf(of))
const policy = validator('policy')
const cases = validator('cases')
const gates = validator('gates')

const good = 'version: 1\nmodel: m\ngates:\n  g: {metric: accuracy, atLeast: 0.9}\n'

describe('the schema of a policy agrees with the parser', () => {
  it.each([
    good,
    'version: 1\nmodel: m\nmetrics: [own]\ngates:\n  g: {metric: own, between: [1, 2], advisory: true}\n',
    'version: 1\nmodel: m\ngates:\n  g: {metric: recall, each: Class, against: champion, atLeast: -1%, confidence: 0.95}\n',
    'version: 1\nmodel: m\ngates:\n  g: {metric: accuracy, atLeast: 0.8, slices: [a, [b, c]], minExamples: 30}\n',
    'version: 1\nmodel: m\ngates:\n  g: {check: "data.rows > 3"}\n  h: {require: {count: 2, from: [leads]}}\n',
    `${good}seed: 7\nresamples: 500\nenvironments: {prod: {approvals: {count: 1}, windows: [{allow: Mon-Thu 09:00-16:00, timezone: Europe/Berlin}]}}\n`,
    `${good}otherwise: {inconclusive: moreData, retrain: {attempts: 2, cooldown: 1h, parameters: {a: previous * 2}, budget: {runs: 3, per: 7d}}}\n`,
  ])('good: %s', (text) => {
    expect(parsePolicy(text, 'p.yaml').ok).toBe(true)
    expect(policy(parse(text)), JSON.stringify(policy.errors)).toBe(true)
  })

  it.each([
    good.replace('version: 1', 'version: 2'),
    good.replace('model: m\n', ''),
    good.replace('atLeast', 'atleast'),
    good.replace('0.9', 'true'),
    good.replace(', atLeast: 0.9', ''),
    good.replace('metric: accuracy, ', ''),
    good.replace('metric', 'check: "true", metric'),
    good.replace('metric: accuracy', 'check: "true"'),
    good.replace('atLeast: 0.9', 'between: [0.9]'),
    good.replace('0.9', '0.9, confidence: 95'),
    good.replace('0.9', '0.9, slices: []'),
    good.replace('0.9', '0.9, slices: [[a]]'),
    good.replace('0.9', '0.9, slices: a, minExamples: 0.5'),
    `${good}resamples: 10\n`,
    `${good}otherwise: {retrain: {}}\n`,
    `${good}otherwise: {inconclusive: shrug}\n`,
    `${good}extra: 1\n`,
  ])('bad: %s', (text) => {
    expect(parsePolicy(text, 'p.yaml').ok).toBe(false)
    expect(policy(parse(text))).toBe(false)
  })
})

it('there is one for gate sets and one for cases', () => {
  expect(gates(parse('version: 1\ngates:\n  g: {metric: accuracy, atLeast: 0.9}\n'))).toBe(true)
  expect(gates(parse(good))).toBe(false)
  const tested =
    'version: 1\npolicy: p.yaml\ncases:\n  a: {evidence: {metrics: {recall: {x: 0.5}, accuracy: 1}}, expect: pass}\n'
  expect(cases(parse(tested)), JSON.stringify(cases.errors)).toBe(true)
  expect(cases(parse(tested.replace('expect: pass', 'expect: ship')))).toBe(false)
  expect(cases(parse(tested.replace('accuracy: 1', 'accuracy: "1"')))).toBe(false)
})
