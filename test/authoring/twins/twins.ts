import {
  boolean,
  collected,
  Dataset,
  double,
  eq,
  exitHandler,
  ge,
  gt,
  If,
  importer,
  integer,
  job,
  list,
  lt,
  Model,
  ne,
  oneOf,
  type Pipeline,
  parallelFor,
  pipeline,
  string,
  struct,
  text,
} from '../../../src/pipelines/authoring/index.ts'
import { AutoMLTabularTrainingJobRunOp } from '../../../src/pipelines/catalogue/automl.ts'
import { TabularDatasetCreateOp } from '../../../src/pipelines/catalogue/dataset.ts'
import { EndpointCreateOp, ModelDeployOp } from '../../../src/pipelines/catalogue/endpoint.ts'
import {
  add,
  bare,
  fail,
  flip,
  halve,
  judge,
  makeData,
  merge,
  numbers,
  onExit,
  placeholders,
  readAny,
  say,
  show,
  split,
  table,
  total,
  train,
} from './steps.ts'

const parts = pipeline('parts', { inputs: { n: integer() } }, ({ n }) =>
  collected(parallelFor(numbers({ n }).output, (i) => makeData({ rows: i }).output)),
)

const inner = pipeline('inner', { inputs: { start: integer(), note: string({ default: 'n' }) } }, ({ start, note }) => {
  const one = add({ a: start })
  If(gt(one.output, 3), () => say({ text: note }))
  return add({ a: one.output }).output
})

/** The pipelines of twins.py; `beans` is the one of test/pipelines/fixtures. */
export const twins: readonly Pipeline[] = [
  pipeline('hello', { inputs: { who: string({ default: 'world' }) } }, ({ who }) => say({ text: who }).output),

  pipeline(
    'parameters',
    {
      description: 'One of each type.',
      displayName: 'All parameters',
      inputs: {
        text: string(),
        n: integer({ default: 3 }),
        x: double({ default: 0.5 }),
        flag: boolean({ default: true }),
        items: list(integer(), { default: [1, 2] }),
        mapping: struct(undefined, { default: { a: 1 } }),
        project: string({ default: job.project }),
      },
    },
    ({ text: given, n, x, flag, items, mapping, project }) => {
      say({ text: given })
      add({ a: n, b: 2 })
      halve({ x })
      show({ value: mapping, flag, items })
      show({ value: { a: [1, 'x', 'y'], b: { c: true } }, note: 'given' })
      say({ text: project })
    },
  ),

  pipeline('texts', { inputs: { who: string({ default: 'world' }), n: integer({ default: 1 }) } }, ({ who, n }) => {
    const first = say({ text: text`hello ${who}, ${n} times` })
    const second = say({ text: text`${first.output} and ${who}!` })
    show({ value: { deep: [first.output, { who }], plain: 1 }, items: [who, 'x'] })
    If(gt(n, 0), () => say({ text: text`${first.output} within` }))
    say({ text: `${job.name} ${job.taskName}` })
    return second.output
  }),

  pipeline('outputs', { inputs: { x: integer({ default: 9 }) } }, ({ x }) => {
    const halves = split({ x })
    const added = add({ a: halves.outputs.low, b: halves.outputs.high })
    const data = makeData({ rows: added.output })
    const fitted = train({ data: data.output, rate: 0.25 })
    return { low: halves.outputs.low, sum: added.output, model: fitted.outputs.model }
  }),

  pipeline('artifacts', { inputs: { rows: integer({ default: 4 }) } }, ({ rows }) => {
    const data = makeData({ rows })
    const fitted = train({ data: data.output })
    readAny({ one: fitted.outputs.metrics })
    readAny({ one: data.output, other: fitted.outputs.model })
  }),

  pipeline('containers', { inputs: { text: string({ default: 'a "quoted" text' }) } }, ({ text: given }) => {
    const data = makeData({ rows: 2 })
    placeholders({ text: given, count: 3, data: data.output })
    const one = placeholders({ text: 't', count: 4, data: data.output, extra: 'e', many: [3] })
    say({ text: one.outputs.written })
    bare()
  }),

  pipeline(
    'branches',
    { inputs: { seed: integer({ default: 0 }), x: double({ default: 0.5 }), flag: boolean({ default: true }) } },
    ({ seed, x, flag }) => {
      const coin = flip({ seed })
      const picked = oneOf(
        If(eq(coin.output, 'heads'), () => say({ text: 'it was heads' }).output)
          .Elif(gt(seed, 10), () => say({ text: 'large' }).output)
          .Else(() => say({ text: 'it was tails' }).output),
      )
      say({ text: picked })
      If(ge(x, 0.5), () => say({ text: 'at least a half' }), { name: 'half' })
      If(lt(x, 1), () => say({ text: 'less than one' }))
      If(eq(flag, true), () => say({ text: 'flagged' }))
      If(ne(seed, x), () => say({ text: 'not the same' }))
      return picked
    },
  ),

  pipeline('one-of-artifact', { inputs: { seed: integer({ default: 0 }) } }, ({ seed }) => {
    const coin = flip({ seed })
    const branches = If(eq(coin.output, 'heads'), () => makeData({ rows: 1 }).output).Else(
      () => makeData({ rows: 2 }).output,
    )
    const picked = oneOf(branches)
    train({ data: picked })
    If(eq(seed, 4), () => train({ data: picked }))
    return picked
  }),

  pipeline(
    'nested-conditions',
    { inputs: { seed: integer({ default: 0 }), word: string({ default: 'x' }) } },
    ({ seed, word }) => {
      const coin = flip({ seed })
      If(ne(seed, 1), () => {
        const other = flip({ seed })
        If(eq(coin.output, other.output), () => {
          If(eq(word, 'y'), () => add({ a: seed }))
        }).Else(() => say({ text: other.output }))
      })
    },
  ),

  pipeline('loop-raw', { inputs: { n: integer({ default: 3 }) } }, ({ n }) => {
    parallelFor([1, 5, 7], (item) => add({ a: item, b: n }), { parallelism: 2, name: 'static' })
    parallelFor(['x', 'y'], (word) => {
      say({ text: word })
      say({ text: text`${n}: ${word}` })
    })
    parallelFor([0.5, 1.5], (x) => halve({ x }))
  }),

  pipeline('loop-parameter', { inputs: { names: list(string(), { default: ['a', 'b'] }) } }, ({ names }) => {
    parallelFor(names, (name) => {
      const one = say({ text: name })
      If(eq(name, 'a'), () => say({ text: one.output }))
    })
  }),

  pipeline('loop-output', { inputs: { n: integer({ default: 3 }) } }, ({ n }) => {
    parallelFor(numbers({ n }).output, (i) => If(gt(i, 1), () => add({ a: i })), { parallelism: 1 })
  }),

  pipeline('loop-fields', {}, () => {
    const rows = [
      { a: 1, b: 10 },
      { a: 2, b: 20 },
    ] as const
    parallelFor(rows, (outer) => add({ a: outer.a, b: outer.b }))
    parallelFor(table({ n: 2 }).output, (row) => {
      add({ a: row.a })
      If(eq(row.a, 1), () => add({ a: row.a, b: row.b }))
    })
  }),

  pipeline(
    'loop-nested',
    { inputs: { names: list(string(), { default: ['x', 'y'] }), n: integer({ default: 2 }) } },
    ({ names, n }) => {
      parallelFor(numbers({ n }).output, (i) => {
        parallelFor(names, (name) => {
          say({ text: name })
          add({ a: i })
          parallelFor([1, 2], (k) => add({ a: k, b: i }))
        })
      })
    },
  ),

  pipeline('collected', { inputs: { n: integer({ default: 2 }) } }, ({ n }) => {
    const lists = collected(
      parallelFor([1, 2, 3], (rows) => {
        const one = add({ a: rows })
        const data = makeData({ rows: one.output })
        let deep = one
        parallelFor([10, 20], (k) => {
          deep = add({ a: k, b: rows })
        })
        let sometimes = one
        If(eq(rows, 2), () => {
          sometimes = add({ a: rows })
        })
        return { one: one.output, data: data.output, deep: deep.output, sometimes: sometimes.output }
      }),
    )
    total({ values: lists.one })
    // A list of lists, as in kfp.
    total({ values: lists.deep })
    const whole = total({ values: lists.sometimes })
    merge({ parts: lists.data })
    If(gt(n, 1), () => total({ values: lists.one }))
    return whole.output
  }),

  pipeline('loop-artifacts', { inputs: { n: integer({ default: 2 }) } }, ({ n }) => {
    const made = parts({ n })
    merge({ parts: made.output })
    parallelFor(made.output, (part) => train({ data: part }))
  }),

  pipeline(
    'guarded',
    { inputs: { seed: integer({ default: 0 }), note: string({ default: 'after' }) } },
    ({ seed, note }) => {
      const done = onExit({ note })
      exitHandler(
        done,
        () => {
          const coin = flip({ seed })
          fail().after(coin)
        },
        { name: 'guard' },
      )
      exitHandler(onExit({ note: 'second' }), () => If(eq(seed, 0), () => say({ text: 'fine' })))
      return done.output
    },
  ),

  pipeline('ignoring', { inputs: { a: string({ default: 'x' }) } }, ({ a }) => {
    const broken = fail()
    const task = say({ text: a }).after(broken).ignoreUpstreamFailure()
    onExit({ note: 'told' }).after(broken).ignoreUpstreamFailure()
    return task.output
  }),

  pipeline(
    'settings',
    { root: 'gs://barn/root', inputs: { cpu: string({ default: '2' }), kind: string({ default: 'NVIDIA_TESLA_T4' }) } },
    ({ cpu }) => {
      say({ text: 'one' })
        .retry({ attempts: 2, backoffSeconds: 3, backoffFactor: 1.5, longestBackoffSeconds: 60 })
        .caching(false)
      say({ text: 'two' }).caching(true, { key: 'mine' }).displayName('The second').retry({ attempts: 1 })
      say({ text: 'three' })
        .resources({ cpu: '500m', cpuRequest: '0.25', memory: '4Gi', memoryRequest: '512M' })
        .resources({ accelerator: { type: 'NVIDIA_TESLA_K80', count: 2 } })
        .env({ A: 'b' })
        .env({ C: 'd' })
      say({ text: 'four' }).resources({ cpu })
    },
  ),

  pipeline('order', { inputs: { n: integer({ default: 1 }) } }, ({ n }) => {
    const first = say({ text: 'first' })
    const second = say({ text: 'second' }).after(first)
    let looped = first as unknown as ReturnType<typeof add>
    parallelFor([1, 2], (item) => {
      looped = add({ a: item }).after(second)
    })
    If(eq(n, 1), () => say({ text: 'within' }).after(first, second))
    say({ text: 'last' }).after(looped)
  }),

  pipeline('nested', { inputs: { start: integer({ default: 1 }) } }, ({ start }) => {
    add({ a: 1 })
    const one = inner({ start })
    parallelFor([1, 2], (item) => inner({ start: item, note: 'looped' }))
    return inner({ start: one.output, note: 'z' }).caching(false).output
  }),

  pipeline(
    'importing',
    { inputs: { uri: string({ default: 'gs://bucket/b' }), key: string({ default: 'k' }) } },
    ({ uri, key }) => {
      const fixed = importer({
        uri: 'gs://bucket/a',
        type: Dataset,
        reimport: true,
        metadata: { rows: 3, nested: { key: ['v', 1] } },
      })
      train({ data: fixed.output })
      const given = importer({ uri, type: Dataset, metadata: { key, again: [key] } })
      const late = importer({ uri: say({ text: 'gs://bucket/c' }).output, type: Model })
      readAny({ one: late.output })
      train({ data: given.output })
    },
  ),

  pipeline(
    'beans',
    {
      inputs: {
        project: string(),
        gcs_source: string({ default: 'gs://bucket/beans.csv' }),
        thresholds: string({ default: '{"auRoc": 0.95}' }),
      },
    },
    ({ project, gcs_source, thresholds }) => {
      const dataset = TabularDatasetCreateOp({ project, display_name: 'beans', gcs_source })
      const fitted = AutoMLTabularTrainingJobRunOp({
        project,
        display_name: 'beans',
        optimization_prediction_type: 'classification',
        dataset: dataset.outputs.dataset,
        target_column: 'Class',
        budget_milli_node_hours: 1000,
      })
      const judged = judge({ model: fitted.outputs.model, thresholds })
      const deploy = () => {
        const endpoint = EndpointCreateOp({ project, display_name: 'beans' })
        ModelDeployOp({
          endpoint: endpoint.outputs.endpoint,
          model: fitted.outputs.model,
          dedicated_resources_machine_type: 'n1-standard-4',
          traffic_split: { '0': 100 },
        })
      }
      If(eq(judged.output, 'true'), deploy, { name: 'deploy' })
    },
  ),
]
