import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatFault } from '../../declarations/placed-fault.ts'
import { findMetric, metricNames } from './metrics.ts'
import { gateSetsOf, parsePolicy } from './parse-policy.ts'

const whole = `version: 1
model: beans
metrics: [prunedLeaves]
gates:
  good enough: {metric: macroF1, atLeast: 0.90}
  no dead class: {metric: recall, each: Class, atLeast: 0.85}
  calibrated: {metric: logLoss, atMost: 0.30}
  plausible: {metric: auRoc, atLeast: 0.95, atMost: 0.9999}
  enough data: {metric: prunedLeaves, atMost: 3}
otherwise:
  retrain: {attempts: 2, parameters: {budget_milli_node_hours: 2000}}
`

const faultsOf = (text: string, model?: string) => {
  const parsed = parsePolicy(text, 'p.yaml', { model })
  return parsed.ok ? [] : parsed.faults.map(formatFault)
}

const withGate = (gate: string, before = '') => `version: 1\nmodel: m\n${before}gates:\n  g: {${gate}}\n`

it('reads everything that a policy may say', () => {
  const parsed = parsePolicy(whole, 'p.yaml', { model: 'beans' })
  if (!parsed.ok) throw new Error(parsed.faults.map(formatFault).join('\n'))
  const gate = {
    kind: 'metric',
    advisory: false,
    each: null,
    atLeast: null,
    atMost: null,
    against: null,
    change: 'absolute',
    confidence: null,
    slices: [],
    minExamples: 1,
  }
  expect(parsed.value).toEqual({
    version: 1,
    model: 'beans',
    gates: [
      { ...gate, name: 'good enough', metric: 'macroF1', atLeast: 0.9 },
      { ...gate, name: 'no dead class', metric: 'recall', each: 'Class', atLeast: 0.85 },
      { ...gate, name: 'calibrated', metric: 'logLoss', atMost: 0.3 },
      { ...gate, name: 'plausible', metric: 'auRoc', atLeast: 0.95, atMost: 0.9999 },
      { ...gate, name: 'enough data', metric: 'prunedLeaves', atMost: 3 },
    ],
    environments: {},
    retrain: {
      attempts: 2,
      cooldown: 0,
      parameters: { budget_milli_node_hours: { kind: 'value', value: 2000 } },
      budget: null,
      brake: null,
    },
    inconclusive: 'person',
    seed: 1,
    resamples: 2000,
  })
})

describe('refuses the gate', () => {
  it.each([
    ['metric: macroF, atLeast: 0.9', '4:15: gates.g.metric: unknown metric macroF, did you mean macroF1?'],
    ['metric: f1Score, atLeast: 0.9', '4:15: gates.g.metric: unknown metric f1Score, Winnow calls it f1'],
    [
      'metric: rootMeanSquaredError, atMost: 9',
      '4:15: gates.g.metric: unknown metric rootMeanSquaredError, Winnow calls it rmse',
    ],
    ['metric: roc_auc, atLeast: 0.9', '4:15: gates.g.metric: unknown metric roc_auc, Winnow calls it auRoc'],
    [
      'metric: latency.p99, atMost: 5 parsec',
      '4:36: gates.g.atMost: expected a duration such as 50ms or 1.5s, or a number of milliseconds, got "5 parsec"',
    ],
    [
      'metric: sunshine, atMost: 50',
      '4:15: gates.g.metric: unknown metric sunshine; declare it under metrics if the pipeline logs it itself',
    ],
    [
      'metric: constructor, atMost: 50',
      '4:15: gates.g.metric: unknown metric constructor; declare it under metrics if the pipeline logs it itself',
    ],
    ['metric: accuracy, atLeast: 90', '4:34: gates.g.atLeast: expected a number from 0 to 1, as accuracy is, got 90'],
    [
      'metric: accuracy, atLeast: 1.0000001',
      '4:34: gates.g.atLeast: expected a number from 0 to 1, as accuracy is, got 1.0000001',
    ],
    ['metric: logLoss, atMost: -0.1', '4:32: gates.g.atMost: expected a number from 0 up, as logLoss is, got -0.1'],
    ['metric: rSquared, atLeast: 1.5', '4:34: gates.g.atLeast: expected a number up to 1, as rSquared is, got 1.5'],
    [
      'metric: logLoss, atLeast: 0.3',
      '4:24: gates.g.atLeast: lower logLoss is better: expected atMost (atLeast may stand beside it)',
    ],
    [
      'metric: accuracy, atMost: 0.3',
      '4:25: gates.g.atMost: higher accuracy is better: expected atLeast (atMost may stand beside it)',
    ],
    [
      'metric: accuracy, atLeast: 0.9, atMost: 0.8',
      '4:47: gates.g.atMost: expected at least 0.9, got 0.8: nothing could pass',
    ],
    ['metric: accuracy', '4:3: gates.g: missing, expected a limit: atLeast, atMost or between'],
    ['atLeast: 0.9', '4:3: gates.g: missing, expected what is asked: metric, check or require'],
    ['metric: accuracy, atLeast: "0.9"', '4:34: gates.g.atLeast: expected a number, got "0.9"'],
    ['metric: accuracy, atLeast: 90%', '4:34: gates.g.atLeast: expected a number, got "90%"'],
    ['metric: accuracy, atLeast: .nan', '4:34: gates.g.atLeast: expected a number, or a text with a unit, got NaN'],
    [
      'metric: accuracy, atLeast: .inf',
      '4:34: gates.g.atLeast: expected a number, or a text with a unit, got Infinity',
    ],
    ['metric: accuracy, atleast: 0.9', '4:25: gates.g.atleast: unknown key, did you mean atLeast?'],
    [
      'metric: recall, atLeast: 0.9',
      '4:15: gates.g.metric: recall is had for each class: add each, or use macroRecall',
    ],
    [
      'metric: macroF1, each: Class, atLeast: 0.9',
      '4:24: gates.g.each: macroF1 is one number over all classes; for each there are precision, recall, f1',
    ],
    [
      'metric: macroF1, against: champ, atLeast: -0.005',
      '4:33: gates.g.against: expected champion, baseline or MODEL@ALIAS, got "champ"',
    ],
    ['metric: macroF1, atLeast: -1%', '4:33: gates.g.atLeast: expected a number, got "-1%"'],
    ['metric: macroF1, confidence: 95, atLeast: 0.9', '4:36: gates.g.confidence: expected less than 1, got 95'],
    ['metric: macroF1, confidence: 0.5, atLeast: 0.9', '4:36: gates.g.confidence: expected more than 0.5, got 0.5'],
    ['metric: data.rows, atLeast: 100, slices: a', '4:40: gates.g.slices: data.rows is not measured on examples'],
    [
      'metric: accuracy, change: relative, atLeast: 0.9',
      '4:25: gates.g.change: a change needs against: champion, baseline or MODEL@ALIAS',
    ],
    [
      'metric: accuracy, atLeast: 0.9, minExamples: 3',
      '4:39: gates.g.minExamples: is asked of parts: it needs slices or each',
    ],
    [
      'metric: accuracy, between: [0.9, 0.8]',
      '4:34: gates.g.between: expected at least 0.9, got 0.8: nothing could pass',
    ],
    [
      'metric: accuracy, between: [0.9, 0.95], atLeast: 0.9',
      '4:47: gates.g.atLeast: stands beside between, which sets both limits',
    ],
    ['check: "true", atLeast: 0.5', '4:22: gates.g.atLeast: belongs to a metric, not to check'],
    [
      'check: "metrics.macroF >= 0.9"',
      "4:14: gates.g.check: unknown metric macroF, did you mean macroF1? Write metrics['macroF'] for the pipeline's own",
    ],
    [
      'check: "data.leakedRow == 0"',
      "4:14: gates.g.check: unknown name leakedRow in data, did you mean leakedRows? Write data['leakedRow'] for the pipeline's own",
    ],
    [
      'check: "classes.all(c, classes[c].recal >= 0.8)"',
      "4:14: gates.g.check: unknown name recal in classes[…], did you mean recall? Write classes[…]['recal'] for the pipeline's own",
    ],
    [
      'check: "data.columns.Area.mising < 0.1"',
      "4:14: gates.g.check: unknown name mising in data.columns.Area, did you mean missing? Write data.columns.Area['mising'] for the pipeline's own",
    ],
    [
      'check: "1 + 2"',
      '4:14: gates.g.check: expected a condition, which is true or false, got an expression that gives int',
    ],
    ['metric: accuracy, atLeast: 0.9, slices: [a, a]', '4:47: gates.g.slices: expected each slice once'],
    [
      'metric: accuracy, atLeast: 0.9, slices: [[a, a]]',
      '4:48: gates.g.slices[0]: expected each column once in a crossing',
    ],
    [
      'metric: accuracy, atLeast: 0.9, slices: [[a, b, c, d, e]]',
      '4:48: gates.g.slices[0]: expected a column, or a list of two to four columns to cross, got a list',
    ],
    ['check: "1 + "', '4:14: gates.g.check: expected a condition in CEL: Unexpected token: EOF, at character 5'],
    [
      `check: "candidate.name.matches('a')"`,
      '4:14: gates.g.check: expected a condition in CEL: matches() is not run here; use contains() or startsWith()',
    ],
  ])('%s', (gate, fault) => {
    expect(faultsOf(withGate(gate))).toContain(`p.yaml:${fault}`)
  })
})

it.each([
  ['version: 1\nmodel: m\n', 'p.yaml:1:1: gates: expected at least one gate: a policy without gates judges nothing'],
  [
    'version: 1\nmodel: m\ngates: {}\n',
    'p.yaml:3:1: gates: expected at least one gate: a policy without gates judges nothing',
  ],
  [
    withGate(
      'metric: accuracy, atLeast: 0.9',
      'environments: {prod: {windows: [{allow: "Mon-Thu 09:00-16:00", timezone: Europe/Berln}]}}\n',
    ),
    'p.yaml:3:74: environments.prod.windows[0].timezone: expected a time zone such as Europe/Berlin, got "Europe/Berln"',
  ],
  [
    withGate('metric: accuracy, atLeast: 0.9', 'otherwise: {retrain: {attempts: 0}}\n'),
    'p.yaml:3:33: otherwise.retrain.attempts: expected at least 1, got 0',
  ],
  [
    withGate('metric: accuracy, atLeast: 0.9', 'otherwise: {retrain: {attempts: 1.5}}\n'),
    'p.yaml:3:33: otherwise.retrain.attempts: expected a whole number, got 1.5',
  ],
  [
    withGate('metric: accuracy, atLeast: 0.9', 'otherwise: {retrain: {attempts: 2, cooldown: 1 hour}}\n'),
    'p.yaml:3:46: otherwise.retrain.cooldown: expected a duration such as 30m, 1h30m or 7d, got "1 hour"',
  ],
  [
    withGate(
      'metric: accuracy, atLeast: 0.9',
      'otherwise: {retrain: {attempts: 2, parameters: {budget: previous * x}}}\n',
    ),
    'p.yaml:3:57: otherwise.retrain.parameters.budget: unknown name x: only previous is known here',
  ],
  [
    withGate('metric: accuracy, atLeast: 0.9', 'otherwise: {inconclusive: retrain}\n'),
    'p.yaml:3:27: otherwise.inconclusive: expected otherwise.retrain beside it, which says how often',
  ],
  [
    withGate(
      'metric: accuracy, atLeast: 0.9',
      'otherwise: {retrain: {attempts: 2, parameters: {budget: previos * 2}}}\n',
    ),
    'p.yaml:3:57: otherwise.retrain.parameters.budget: unknown name previos, did you mean previous?',
  ],
  [
    withGate(
      'metric: accuracy, atLeast: 0.9',
      'otherwise: {retrain: {attempts: 2, brake: {metric: macrF1, improvesBy: 0.1}}}\n',
    ),
    'p.yaml:3:52: otherwise.retrain.brake.metric: unknown metric macrF1, did you mean macroF1?',
  ],
  [
    withGate('metric: accuracy, atLeast: 0.9', 'metrics: [accuracy]\n'),
    'p.yaml:3:11: metrics[0]: accuracy is a metric that Winnow knows; it needs no declaration',
  ],
  [
    withGate('metric: accuracy, atLeast: 0.9', 'metrics: [f1_macro]\n'),
    'p.yaml:3:11: metrics[0]: Winnow calls this macroF1, which needs no declaration',
  ],
  [
    withGate('metric: recal, each: Class, confidence: 0.9, atLeast: 0.9'),
    'p.yaml:4:15: gates.g.metric: unknown metric recal, did you mean recall?',
  ],
  [
    withGate('metric: own, each: Class, atLeast: 0.9', 'metrics: [own]\n'),
    "p.yaml:5:20: gates.g.each: own is the pipeline's own and is known as one number only",
  ],
])('refuses %j', (text, fault) => {
  expect(faultsOf(text)).toEqual([fault])
})

it('is for one model', () => {
  expect(faultsOf(withGate('metric: accuracy, atLeast: 0.9'), 'beans')).toEqual([
    `p.yaml:2:8: model: expected beans, the pipeline's model, got "m"`,
  ])
})

it('never passes a name that it does not know', () => {
  const name = fc.oneof(
    fc.string({ minLength: 1, maxLength: 20 }),
    fc
      .constantFrom(...metricNames)
      .chain((known) =>
        fc
          .tuple(fc.nat(known.length), fc.constantFrom('', 'x', '1', ' '))
          .map(([at, put]) => known.slice(0, at) + put + known.slice(at + 1)),
      ),
  )
  fc.assert(
    fc.property(name, (metric) => {
      const parsed = parsePolicy(withGate(`metric: ${JSON.stringify(metric)}, atLeast: 0.5, atMost: 0.6`), 'p')
      return parsed.ok ? findMetric(metric) !== undefined : true
    }),
    { numRuns: 300 },
  )
})

it('never throws, whatever the text, and never gives a policy without gates and limits', () => {
  const edited = fc
    .tuple(fc.nat(whole.length), fc.nat(20), fc.string({ maxLength: 8 }))
    .map(([at, cut, put]) => whole.slice(0, at) + put + whole.slice(at + cut))
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), edited), (text) => {
      const parsed = parsePolicy(text, 'p')
      if (!parsed.ok) return parsed.faults.length > 0
      return (
        parsed.value.gates.length > 0 &&
        parsed.value.gates.every((g) => g.kind !== 'metric' || g.atLeast !== null || g.atMost !== null)
      )
    }),
    { numRuns: 500 },
  )
})

describe('reads the gate', () => {
  const gateOf = (text: string) => {
    const parsed = parsePolicy(withGate(text), 'p.yaml')
    if (!parsed.ok) throw new Error(parsed.faults.map(formatFault).join('\n'))
    return parsed.value.gates[0]
  }
  it.each([
    ['metric: latency.p99, atMost: 50ms', { atMost: 50 }],
    ['metric: model.size, between: [1kB, 20MB]', { atLeast: 1_000, atMost: 20_000_000 }],
    [
      'metric: macroF1, against: champion, atLeast: -1%',
      { against: { kind: 'champion' }, atLeast: -0.01, change: 'relative' },
    ],
    [
      'metric: macroF1, against: beans@blessed, atLeast: 0, confidence: 0.95',
      { against: { kind: 'model', model: 'beans', alias: 'blessed' }, change: 'absolute', confidence: 0.95 },
    ],
    ['metric: accuracy, slices: region, atLeast: 0.8', { slices: [['region']] }],
    [
      'metric: accuracy, slices: [region, [region, season]], minExamples: 30, atLeast: 0.8, advisory: true',
      { slices: [['region'], ['region', 'season']], minExamples: 30, advisory: true },
    ],
    ['check: "data.rows >= 1000 && data.leakedRows == 0"', { kind: 'check' }],
    [
      'require: {count: 2, from: [ml-leads], notAuthor: true, validFor: 7d}',
      { approvals: { count: 2, from: ['ml-leads'], notAuthor: true, validFor: 604_800_000 } },
    ],
  ])('%s', (text, expected) => {
    expect(gateOf(text)).toMatchObject(expected)
  })
})

describe('gate sets', () => {
  const set = 'version: 1\ngates:\n  calibrated: {metric: logLoss, atMost: 0.3}\n'
  const policy = 'version: 1\nmodel: m\nuse: [gates/common.yaml]\ngates:\n  good: {metric: macroF1, atLeast: 0.9}\n'
  const parse = (text: string, common: string) =>
    parsePolicy(text, 'p.yaml', { files: new Map([['gates/common.yaml', common]]) })

  it('come first, and may be all that there is', () => {
    expect(gateSetsOf(policy)).toEqual(['gates/common.yaml'])
    const both = parse(policy, set)
    expect(both.ok && both.value.gates.map(({ name }) => name)).toEqual(['calibrated', 'good'])
    const alone = parse('version: 1\nmodel: m\nuse: [gates/common.yaml]\n', set)
    expect(alone.ok && alone.value.gates).toHaveLength(1)
  })

  it.each([
    [set.replace('logLoss', 'logLos'), 'gates/common.yaml:3:24: gates.calibrated.metric: unknown metric logLos'],
    [
      set.replace('calibrated', 'good'),
      'p.yaml:5:3: gates.good: a gate set that is used has a gate of this name already',
    ],
    ['version: 1\ngates: {}\n', 'gates/common.yaml:2:8: gates: expected at least one gate'],
  ])('%j is refused at its place', (common, fault) => {
    const parsed = parse(policy, common)
    expect(parsed.ok ? [] : parsed.faults.map(formatFault)).toEqual([expect.stringContaining(fault)])
  })
})
