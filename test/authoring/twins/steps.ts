import {
  AnyArtifact,
  artifact,
  artifactList,
  boolean,
  concat,
  containerComponent,
  Dataset,
  defineComponent,
  double,
  finalStatus,
  ifPresent,
  integer,
  list,
  Metrics,
  Model,
  optional,
  string,
  struct,
} from '../../../src/pipelines/authoring/index.ts'

/** The small components of twins.py; the ones that tests run do the same work. */
export const say = defineComponent({
  name: 'say',
  inputs: { text: string() },
  outputs: { Output: string() },
  run: ({ text }) => ({ Output: text }),
})

export const add = defineComponent({
  name: 'add',
  inputs: { a: integer(), b: integer({ default: 1 }) },
  outputs: { Output: integer() },
  run: ({ a, b }) => ({ Output: a + b }),
})

export const halve = defineComponent({
  name: 'halve',
  inputs: { x: double() },
  outputs: { Output: double() },
  run: ({ x }) => ({ Output: x / 2 }),
})

export const flip = defineComponent({
  name: 'flip',
  inputs: { seed: integer({ default: 0 }) },
  outputs: { Output: string() },
  run: ({ seed }) => ({ Output: seed % 2 === 0 ? 'heads' : 'tails' }),
})

export const numbers = defineComponent({
  name: 'numbers',
  inputs: { n: integer() },
  outputs: { Output: list(integer()) },
  run: ({ n }) => ({ Output: [...Array(n).keys()] }),
})

export const table = defineComponent({
  name: 'table',
  inputs: { n: integer() },
  outputs: { Output: list(struct({ a: integer(), b: integer() })) },
  run: ({ n }) => ({ Output: [...Array(n).keys()].map((i) => ({ a: i, b: i * i })) }),
})

export const total = defineComponent({
  name: 'total',
  inputs: { values: list(integer()) },
  outputs: { Output: integer() },
  run: ({ values }) => ({ Output: values.reduce((sum, value) => sum + value, 0) }),
})

export const show = defineComponent({
  name: 'show',
  inputs: {
    value: struct(),
    flag: boolean({ default: false }),
    items: list(undefined, { default: [1, 2.5, '3'] }),
    note: optional(string()),
  },
  outputs: { Output: string() },
  run: (inputs) => ({ Output: JSON.stringify(inputs) }),
})

export const makeData = defineComponent({
  name: 'make-data',
  inputs: { rows: integer() },
  outputs: { data: artifact(Dataset) },
  async run({ rows }, { data }) {
    const { writeFileSync } = process.getBuiltinModule('node:fs')
    writeFileSync(data.path, 'row\n'.repeat(rows))
    data.metadata['rows'] = rows
  },
})

export const train = defineComponent({
  name: 'train',
  inputs: { data: artifact(Dataset), rate: double({ default: 0.1 }) },
  outputs: { model: artifact(Model), metrics: artifact(Metrics) },
  run: ({ data, rate }, { model, metrics }) => {
    const { readFileSync, writeFileSync } = process.getBuiltinModule('node:fs')
    writeFileSync(model.path, `model of ${readFileSync(data.path, 'utf8').split('\n').length - 1} rows`)
    metrics.metadata['rate'] = rate
  },
})

export const merge = defineComponent({
  name: 'merge',
  inputs: { parts: artifactList(Dataset) },
  outputs: { Output: integer() },
  run: ({ parts }) => ({ Output: parts.length }),
})

export const readAny = defineComponent({
  name: 'read-any',
  inputs: { one: artifact(AnyArtifact), other: optional(artifact(Model)) },
  outputs: { Output: string() },
  run: ({ one, other }) => ({ Output: other?.uri ?? one.uri }),
})

export const split = defineComponent({
  name: 'split',
  inputs: { x: integer() },
  outputs: { low: integer(), high: integer() },
  run: ({ x }) => ({ low: Math.floor(x / 2), high: x - Math.floor(x / 2) }),
})

export const onExit = defineComponent({
  name: 'on-exit',
  inputs: { status: finalStatus(), note: string({ default: 'n' }) },
  outputs: { Output: string() },
  run: ({ status, note }) => ({ Output: `${note}: ${status['state']}` }),
})

export const fail = defineComponent({
  name: 'fail',
  run: () => {
    throw new Error('it fails')
  },
})

export const placeholders = containerComponent({
  name: 'placeholders',
  image: 'alpine',
  inputs: {
    text: string(),
    count: integer(),
    data: artifact(Dataset),
    extra: optional(string()),
    many: list(integer(), { default: [1, 2] }),
  },
  outputs: { model: artifact(Model), written: string() },
  command: ({ inputs }) => ['sh', '-c', 'cat $0', concat('--text=', inputs.text.value, '-', inputs.count.value)],
  args: ({ inputs, outputs }) => [
    ...['--text', inputs.text.value, '--uri', inputs.data.uri, '--path', inputs.data.path],
    ...['--rows', inputs.data.metadata('rows'), '--model', outputs.model.uri, outputs.model.path],
    ...['--written', outputs.written.path, '--many', inputs.many.value],
    ifPresent(inputs.extra, ['--extra', inputs.extra.value], ['--no-extra']),
    ifPresent(inputs.extra, concat('--extra=', inputs.extra.value)),
    concat('{"a": "', inputs.text.value, '", "b": ', ifPresent(inputs.extra, '1', '2'), '}'),
  ],
})

export const bare = containerComponent({ name: 'bare', image: 'alpine' })

export const judge = defineComponent({
  name: 'evaluate',
  inputs: { model: artifact(AnyArtifact), thresholds: string() },
  outputs: { Output: string() },
  run: () => ({ Output: 'true' }),
})
