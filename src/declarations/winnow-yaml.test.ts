import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatFault } from './placed-fault.ts'
import { parseWinnowYaml } from './winnow-yaml.ts'

const whole = `version: 1
pipelines:
  beans:
    kfp: ./pipelines/beans.py
    function: beans_pipeline
    requirements: pipelines/requirements.txt
    parameters: {target_column: Class, budget: 1000, split: [0.8, 0.2]}
    model: beans
    policy: policies/beans.yaml
    on:
      push: {branches: [main], paths: [pipelines/**]}
      pullRequest: {plan: true}
      data: {uri: "file:///data/incoming/*.csv", quiet: 5m, maxWait: 1h30m, into: new_data}
  compiled:
    ir: pipelines/other.yaml
environments:
  dev: {target: local, endpoint: beans-dev}
  prod: {target: vertex-eu, endpoint: beans, after: dev, protected: true}
`

const faultsOf = (text: string) => {
  const parsed = parseWinnowYaml(text, 'winnow.yaml')
  return parsed.ok ? [] : parsed.faults.map(formatFault)
}

/** A file with one pipeline, given the lines of the pipeline and what follows. */
const withPipeline = (lines: readonly string[], rest = '') =>
  `version: 1\npipelines:\n  beans:\n${lines.map((line) => `    ${line}\n`).join('')}${rest}`

it('reads everything that may be declared', () => {
  const parsed = parseWinnowYaml(whole, 'winnow.yaml')
  if (!parsed.ok) throw new Error(parsed.faults.map(formatFault).join('\n'))
  expect(parsed.value).toEqual({
    version: 1,
    pipelines: [
      {
        name: 'beans',
        file: 'winnow.yaml',
        source: {
          kind: 'kfp',
          file: 'pipelines/beans.py',
          function: 'beans_pipeline',
          requirements: 'pipelines/requirements.txt',
        },
        parameters: { target_column: 'Class', budget: 1000, split: [0.8, 0.2] },
        model: 'beans',
        policy: 'policies/beans.yaml',
        concurrency: null,
        on: {
          push: { branches: ['main'], tags: [], paths: ['pipelines/**'] },
          release: null,
          pullRequest: { plan: true },
          data: {
            uri: 'file:///data/incoming/*.csv',
            quiet: 300_000,
            maxWait: 5_400_000,
            minimum: null,
            marker: null,
            key: null,
            overlap: 'queue',
            into: 'new_data',
            manifest: null,
          },
          schedule: [],
          upstream: [],
          drift: null,
          degraded: null,
        },
      },
      {
        name: 'compiled',
        file: 'winnow.yaml',
        source: { kind: 'ir', file: 'pipelines/other.yaml' },
        parameters: {},
        model: null,
        policy: null,
        concurrency: null,
        on: {
          push: null,
          release: null,
          pullRequest: null,
          data: null,
          schedule: [],
          upstream: [],
          drift: null,
          degraded: null,
        },
      },
    ],
    environments: [
      { name: 'dev', target: 'local', endpoint: 'beans-dev', after: null, protected: false },
      { name: 'prod', target: 'vertex-eu', endpoint: 'beans', after: 'dev', protected: true },
    ],
  })
})

it('starts on any path, with a minute of quiet and an hour at most, unless told otherwise', () => {
  const text = withPipeline(['kfp: a.py', 'on: {push: {branches: [main]}, data: {uri: "file:in/*.csv", into: files}}'])
  const parsed = parseWinnowYaml(text, 'winnow.yaml')
  expect(parsed.ok && parsed.value.pipelines[0]?.on).toMatchObject({
    push: { branches: ['main'], tags: [], paths: ['**'] },
    release: null,
    pullRequest: null,
    data: {
      uri: 'file:in/*.csv',
      quiet: 60_000,
      maxWait: 3_600_000,
      minimum: null,
      marker: null,
      key: null,
      overlap: 'queue',
      into: 'files',
      manifest: null,
    },
  })
})

it('starts on tags and releases, published ones of any tag unless told otherwise', () => {
  const text = withPipeline(['kfp: a.py', 'on: {push: {tags: [v*, "!v0*"]}, release: {}}'])
  const parsed = parseWinnowYaml(text, 'winnow.yaml')
  expect(parsed.ok && parsed.value.pipelines[0]?.on).toMatchObject({
    push: { branches: [], tags: ['v*', '!v0*'], paths: ['**'] },
    release: { types: ['published'], tags: ['**'] },
  })
})

describe('refuses', () => {
  it.each([
    [['kfp: a.py', 'ir: a.yaml'], '5:5: pipelines.beans.ir: expected one of kfp and ir, got both'],
    [
      ['model: beans', 'policy: p.yaml'],
      '3:3: pipelines.beans: missing, expected what it is compiled from: kfp, tfx, typescript, ir, template',
    ],
    [['tfx: a.py'], '4:5: pipelines.beans.tfx: needs requirements: a file that names tfx and its version'],
    [['tfx: a.yaml'], '4:10: pipelines.beans.tfx: expected a file ending in .py, got "a.yaml"'],
    [
      ['typescript: a.py'],
      '4:17: pipelines.beans.typescript: expected a file ending in .ts or .mts or .js or .mjs, got "a.py"',
    ],
    [
      ['typescript: a.ts', 'requirements: r.txt'],
      '5:5: pipelines.beans.requirements: belongs to kfp: a pipeline in TypeScript has none',
    ],
    [
      ['template: automl-tabular-clasification'],
      '4:15: pipelines.beans.template: expected one of automl-tabular-classification, automl-tabular-regression, got "automl-tabular-clasification", did you mean automl-tabular-classification?',
    ],
    [
      ['template: automl-tabular-regression', 'parameters: {bq_source: "bq://a.b.c"}'],
      '4:5: pipelines.beans.template: automl-tabular-regression needs target_column: The column that is predicted.',
    ],
    [
      [
        'template: automl-tabular-regression',
        'parameters: {target_column: y, gcs_source: [a], taget: 1, budget_milli_node_hours: 2000}',
      ],
      '5:53: pipelines.beans.parameters.taget: automl-tabular-regression has no such parameter, expected one of target_column, gcs_source, bq_source, budget_milli_node_hours, training_fraction_split, validation_fraction_split, test_fraction_split, column_specs, weight_column, run_evaluation, evaluation_source, run_batch_predict, batch_predict_source, display_name, optimization_objective',
    ],
    [
      [
        'template: automl-tabular-regression',
        'parameters: {target_column: y, gcs_source: [a], budget_mili_node_hours: 1}',
      ],
      '5:53: pipelines.beans.parameters.budget_mili_node_hours: automl-tabular-regression has no such parameter, did you mean budget_milli_node_hours?',
    ],
    [
      [
        'template: automl-tabular-regression',
        'parameters: {target_column: y, gcs_source: [a], budget_milli_node_hours: 1.5}',
      ],
      '5:78: pipelines.beans.parameters.budget_milli_node_hours: expected a whole number, got 1.5',
    ],
    [
      [
        'template: automl-tabular-regression',
        'parameters: {target_column: y, gcs_source: [a], optimization_objective: minimise-rmse}',
      ],
      '5:77: pipelines.beans.parameters.optimization_objective: expected one of minimize-rmse, minimize-mae, minimize-rmsle, got "minimise-rmse", did you mean minimize-rmse?',
    ],
    [
      ['template: automl-tabular-regression', 'parameters: {target_column: y}'],
      '4:5: pipelines.beans.template: automl-tabular-regression needs gcs_source or bq_source',
    ],
    [
      ['template: automl-tabular-regression', 'parameters: {target_column: y, gcs_source: [a], run_evaluation: true}'],
      '5:53: pipelines.beans.parameters.run_evaluation: needs evaluation_source: the files that it is done with',
    ],
    [
      ['template: automl-tabular-regression', 'function: f', 'parameters: {target_column: y, bq_source: a}'],
      '5:5: pipelines.beans.function: belongs to kfp: a template has none',
    ],
    [['kpf: a.py'], '4:5: pipelines.beans.kpf: unknown key, did you mean kfp?'],
    [['ir: a.yaml', 'function: f'], '5:5: pipelines.beans.function: belongs to kfp: a compiled pipeline has none'],
    [['kfp: a.py', 'function: "a b"'], '5:15: pipelines.beans.function: expected the name of a function, got "a b"'],
    [
      ['kfp: a.py', 'model: beans'],
      '5:5: pipelines.beans.model: a model needs a policy: nothing is delivered unjudged',
    ],
    [
      ['kfp: a.py', 'policy: p.yaml'],
      '5:5: pipelines.beans.policy: a policy needs a model to judge: name it with model',
    ],
    [['kfp: ../a.py'], '4:10: pipelines.beans.kfp: expected a path inside the repository, got "../a.py"'],
    [['kfp: a/../../a.py'], '4:10: pipelines.beans.kfp: expected a path inside the repository, got "a/../../a.py"'],
    [
      ['kfp: /etc/a.py'],
      '4:10: pipelines.beans.kfp: expected a path relative to the repository\'s root, got "/etc/a.py"',
    ],
    [
      ['kfp: "C:/a.py"'],
      '4:10: pipelines.beans.kfp: expected a path relative to the repository\'s root, got "C:/a.py"',
    ],
    [['kfp: .git/a.py'], '4:10: pipelines.beans.kfp: expected a file of the repository, got ".git/a.py"'],
    [['kfp: a.yaml'], '4:10: pipelines.beans.kfp: expected a file ending in .py, got "a.yaml"'],
    [
      ['kfp: a.py', 'on: {push: {branches: [main], tags: ["!v1"]}}'],
      '5:41: pipelines.beans.on.push.tags: expected at least one pattern without !: exclusions alone match nothing',
    ],
    [
      ['kfp: a.py', 'on: {push: {}}'],
      '5:16: pipelines.beans.on.push: expected branches or tags: which pushes start it?',
    ],
    [
      ['kfp: a.py', 'on: {push: {branches: []}}'],
      '5:27: pipelines.beans.on.push.branches: expected at least one entry, got a list',
    ],
    [
      ['kfp: a.py', 'on: {push: {branches: ["!main"]}}'],
      '5:27: pipelines.beans.on.push.branches: expected at least one pattern without !: exclusions alone match nothing',
    ],
    [
      ['kfp: a.py', 'on: {push: {branches: ["[ab"]}}'],
      '5:28: pipelines.beans.on.push.branches[0]: expected a pattern, after [ come characters or ranges, and a ]',
    ],
    [
      ['kfp: a.py', 'on: {data: {uri: "file:../x/*.csv", into: x}}'],
      '5:22: pipelines.beans.on.data.uri: expected a path without ..',
    ],
    [
      ['kfp: a.py', 'on: {data: {uri: "file:in/*.csv", into: x, quiet: 5 minutes}}'],
      '5:55: pipelines.beans.on.data.quiet: expected a duration such as 90s, 5m or 1h30m (at most 30d), got "5 minutes"',
    ],
    [
      ['kfp: a.py', 'on: {data: {uri: "file:in/*.csv", into: x, quiet: 2h, maxWait: 1h}}'],
      '5:68: pipelines.beans.on.data.maxWait: expected a longest wait that is not shorter than quiet',
    ],
    [
      ['kfp: a.py', 'parameters: {x: 1}', 'on: {data: {uri: "file:in/*.csv", into: x}}'],
      '5:18: pipelines.beans.parameters.x: is set by on.data.into already',
    ],
  ])('%j', (lines, fault) => {
    expect(faultsOf(withPipeline(lines))).toEqual([`winnow.yaml:${fault}`])
  })

  it.each([
    [
      'dev: {target: local, after: prd}\n  prod: {target: local}',
      '6:31: environments.dev.after: expected an environment, got "prd", did you mean prod?',
    ],
    [
      'dev: {target: local, after: dev}',
      '6:31: environments.dev.after: expected an order, got a circle: it comes after itself',
    ],
    [
      'dev: {target: local, endpoint: beans}',
      '6:34: environments.dev.endpoint: nothing is delivered here: no pipeline has a model and a policy',
    ],
    ['dev: {endpoint: beans}', '6:8: environments.dev.target: missing, expected text'],
    [
      '9dev: {target: local}',
      '6:3: environments.9dev: expected a name of letters, digits, - and _ that begins with a letter (at most 63)',
    ],
  ])('environments %j', (lines, fault) => {
    expect(faultsOf(withPipeline(['kfp: a.py'], `environments:\n  ${lines}\n`))).toEqual([`winnow.yaml:${fault}`])
  })

  it('a circle of three, at each of them', () => {
    const environments =
      'environments:\n  a: {target: t, after: c}\n  b: {target: t, after: a}\n  c: {target: t, after: b}\n'
    expect(faultsOf(withPipeline(['kfp: a.py'], environments))).toHaveLength(3)
  })

  it('two environments that serve at one endpoint', () => {
    const environments = 'environments:\n  a: {target: t, endpoint: e}\n  b: {target: t, endpoint: e}\n'
    expect(faultsOf(withPipeline(['kfp: a.py', 'model: m', 'policy: p.yaml'], environments))).toEqual([
      'winnow.yaml:9:28: environments.b.endpoint: e on t is that of a already',
    ])
  })

  it('a file without pipelines', () => {
    expect(faultsOf('version: 1\npipelines: {}\n')).toEqual([
      'winnow.yaml:2:12: pipelines: expected at least one pipeline',
    ])
  })
})

it('tells all faults of a file at once', () => {
  expect(
    faultsOf(withPipeline(['kfp: ../a.py', 'modle: x', 'on: {push: {branch: [main]}}'], 'environment: {}\n')),
  ).toEqual([
    'winnow.yaml:4:10: pipelines.beans.kfp: expected a path inside the repository, got "../a.py"',
    'winnow.yaml:5:5: pipelines.beans.modle: unknown key, did you mean model?',
    'winnow.yaml:6:16: pipelines.beans.on.push: expected branches or tags: which pushes start it?',
    'winnow.yaml:6:17: pipelines.beans.on.push.branch: unknown key, did you mean branches?',
    'winnow.yaml:7:1: environment: unknown key, did you mean environments?',
  ])
})

it('never throws, whatever the text', () => {
  const edited = fc
    .tuple(fc.nat(whole.length), fc.nat(20), fc.string({ maxLength: 8 }))
    .map(([at, cut, put]) => whole.slice(0, at) + put + whole.slice(at + cut))
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), edited), (text) => {
      const parsed = parseWinnowYaml(text, 'w')
      return parsed.ok || (parsed.faults.length > 0 && parsed.faults.every((f) => f.line >= 1 && f.column >= 1))
    }),
    { numRuns: 500 },
  )
})
