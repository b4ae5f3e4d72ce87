import { describe, expect, it } from 'vitest'
import { parameterFaults } from './pipeline-parameters.ts'

const parameters = {
  name: { parameterType: 'STRING' },
  count: { parameterType: 'NUMBER_INTEGER', defaultValue: 3 },
  rate: { parameterType: 'NUMBER_DOUBLE', isOptional: true },
  fast: { parameterType: 'BOOLEAN', defaultValue: false },
  rows: { parameterType: 'LIST', isOptional: true },
  table: { parameterType: 'STRUCT', isOptional: true },
}
const ir = { root: { inputDefinitions: { parameters } } }

describe('parameterFaults', () => {
  it('takes what fits, and leaves out what has a default', () => {
    expect(parameterFaults(ir, { name: 'a' })).toEqual([])
    const all = { name: 'a', count: 4, rate: 1, fast: true, rows: [1], table: { a: 1 } }
    expect(parameterFaults(ir, all)).toEqual([])
    expect(parameterFaults({ pipelineSpec: ir }, all)).toEqual([])
    expect(parameterFaults({}, {})).toEqual([])
  })

  it.each([
    ['a required one is missing', {}, /^name: the pipeline needs it/],
    ['one is unknown', { name: 'a', nam: 'b' }, /^nam: the pipeline has no such parameter; it has name, count/],
    ['a text is a number', { name: 1 }, /^name: the pipeline wants STRING, got 1$/],
    ['an integer is none', { name: 'a', count: 1.5 }, /^count: .*NUMBER_INTEGER, got 1\.5/],
    ['a number is a text', { name: 'a', rate: '1' }, /^rate: .*NUMBER_DOUBLE/],
    ['a flag is a text', { name: 'a', fast: 'yes' }, /^fast: .*BOOLEAN/],
    ['a list is a text', { name: 'a', rows: 'x' }, /^rows: .*LIST/],
    ['a struct is a list', { name: 'a', table: [] }, /^table: .*STRUCT/],
    ['a pipeline without parameters gets one', { x: 1 }, /^x: the pipeline has no such parameter/],
  ])('tells when %s', (_what, given, fault) => {
    const faults = parameterFaults(_what.startsWith('a pipeline without') ? {} : ir, given)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(fault)
  })
})
