import { describe, expect, it } from 'vitest'
import {
  artifact,
  collected,
  Dataset,
  defineComponent,
  eq,
  gt,
  If,
  integer,
  list,
  Model,
  oneOf,
  optional,
  parallelFor,
  pipeline,
  string,
  struct,
} from '../../src/pipelines/authoring/index.ts'
import { add, flip, makeData, merge, say, split, total, train } from './twins/steps.ts'

// Each `@ts-expect-error` is checked by the project's type check: without the error, that fails. In JavaScript the same
// misuse is a fault at the call's line, which is what the runs here show.
const refused = (write: () => unknown): void => {
  expect(write).toThrow(/types\.test\.ts:\d+:\d+: /)
}

describe('what types refuse', () => {
  it('an argument of another type', () => {
    // @ts-expect-error a text is no integer
    refused(() => pipeline('p', {}, () => void add({ a: 'x' })))
    // @ts-expect-error an integer is no text
    refused(() => pipeline('p', {}, () => void say({ text: add({ a: 1 }).output })))
    // @ts-expect-error an artifact is no parameter
    refused(() => pipeline('p', {}, () => void say({ text: makeData({ rows: 1 }).output })))
    // @ts-expect-error a parameter is no artifact
    refused(() => pipeline('p', {}, () => void train({ data: say({ text: 'x' }).output })))
    const model = () => train({ data: makeData({ rows: 1 }).output }).outputs.model
    // @ts-expect-error a model is no data set
    refused(() => pipeline('p', {}, () => void train({ data: model() })))
    // @ts-expect-error one artifact is no list of them
    refused(() => pipeline('p', {}, () => void merge({ parts: makeData({ rows: 1 }).output })))
  })

  it('an argument that is missing or unknown', () => {
    // @ts-expect-error a is required
    refused(() => pipeline('p', {}, () => void add({ b: 1 })))
    // @ts-expect-error nothing is given at all
    refused(() => pipeline('p', {}, () => void add()))
    // @ts-expect-error there is no c
    refused(() => pipeline('p', {}, () => void add({ a: 1, c: 2 })))
  })

  it('an input or output that is not declared', () => {
    // @ts-expect-error the input is n
    refused(() => pipeline('p', { inputs: { n: integer() } }, ({ m }) => void add({ a: m })))
    // @ts-expect-error the outputs are low and high
    refused(() => pipeline('p', {}, () => void add({ a: split({ x: 1 }).outputs.middle })))
    // @ts-expect-error there are two outputs
    refused(() => pipeline('p', {}, () => void add({ a: split({ x: 1 }).output })))
  })

  it('a wrong default', () => {
    // @ts-expect-error a text is no integer
    refused(() => pipeline('p', { inputs: { n: integer({ default: 'x' }) } }, () => void say({ text: 'x' })))
    // @ts-expect-error a text is no list
    refused(() => pipeline('p', { inputs: { n: list(integer(), { default: 'x' }) } }, () => void say({ text: 'x' })))
  })

  it('a function whose result is not what it declares', () => {
    // @ts-expect-error sum is a number
    defineComponent({ name: 'c', outputs: { sum: integer() }, run: () => ({ sum: 'x' }) })
    // @ts-expect-error sum is missing
    defineComponent({ name: 'c', outputs: { sum: integer() }, run: () => ({}) })
    // @ts-expect-error note may not be there
    defineComponent({ name: 'c', inputs: { note: optional(string()) }, run: ({ note }) => void note.length })
    defineComponent({
      name: 'c',
      inputs: { row: struct({ n: integer() }) },
      // @ts-expect-error there is no m
      run: ({ row }) => void row.m,
    })
    // @ts-expect-error path is of the output, which is named data
    defineComponent({ name: 'c', outputs: { data: artifact(Dataset) }, run: (_, { model }) => void model })
  })

  it('a comparison of two types, or of what is no value', () => {
    // @ts-expect-error a text and a number
    refused(() => pipeline('p', {}, () => void If(eq(flip().output, 1), () => say({ text: 'x' }))))
    // @ts-expect-error texts have no order
    pipeline('p', {}, () => void If(gt(flip().output, 'x'), () => say({ text: 'x' })))
    // @ts-expect-error an artifact
    refused(() => pipeline('p', {}, () => void If(eq(makeData({ rows: 1 }).output, 'x'), () => say({ text: 'x' }))))
  })

  it('outputs of branches and loops, other than by oneOf and collected', () => {
    refused(() =>
      pipeline('p', {}, () => {
        const branch = If(eq(flip().output, 'x'), () => say({ text: 'x' }).output)
        // @ts-expect-error branches are no value
        say({ text: branch })
      }),
    )
    refused(() =>
      pipeline('p', {}, () => {
        const open = If(eq(flip().output, 'x'), () => say({ text: 'x' }).output)
        // @ts-expect-error there is no Else
        say({ text: oneOf(open) })
      }),
    )
    refused(() =>
      pipeline('p', {}, () => {
        const mixed = If(eq(flip().output, 'x'), () => say({ text: 'x' }).output).Else(() => add({ a: 1 }).output)
        // @ts-expect-error a text or an integer
        oneOf(mixed)
      }),
    )
    refused(() =>
      pipeline('p', {}, () => {
        const loop = parallelFor([1, 2], (n) => add({ a: n }).output)
        // @ts-expect-error a loop is no value
        total({ values: loop })
      }),
    )
    refused(() =>
      pipeline('p', {}, () => {
        const loop = parallelFor([1, 2], (n) => add({ a: n }).output)
        // @ts-expect-error a list is no integer
        add({ a: collected(loop) })
      }),
    )
  })

  it('a field that the items do not have, or of another type', () => {
    // @ts-expect-error the items have a
    refused(() => pipeline('p', {}, () => void parallelFor([{ a: 1 }], (row) => add({ a: row.b }))))
    // @ts-expect-error a is an integer
    refused(() => pipeline('p', {}, () => void parallelFor([{ a: 1 }], (row) => say({ text: row.a }))))
    // @ts-expect-error the items are texts
    refused(() => pipeline('p', {}, () => void parallelFor(['x'], (word) => add({ a: word }))))
  })

  it('a pipeline within a pipeline by its inputs and outputs', () => {
    const inner = pipeline('inner', { inputs: { n: integer() } }, ({ n }) => ({ sum: add({ a: n }).output }))
    // @ts-expect-error n is an integer
    refused(() => pipeline('p', {}, () => void inner({ n: 'x' })))
    // @ts-expect-error sum is an integer
    refused(() => pipeline('p', {}, () => void say({ text: inner({ n: 1 }).outputs.sum })))
  })

  it('lets through what fits', () => {
    const fitting = pipeline('p', { inputs: { n: integer(), rows: list(struct({ a: integer() })) } }, ({ n, rows }) => {
      const loop = parallelFor(rows, (row) => ({
        one: add({ a: row.a, b: n }).output,
        data: makeData({ rows: n }).output,
      }))
      const { one, data } = collected(loop)
      merge({ parts: data })
      const model = train({ data: makeData({ rows: total({ values: one }).output }).output }).outputs.model
      return { model }
    })
    expect(fitting.definition.outputs).toEqual({ model: artifact(Model) })
  })
})
