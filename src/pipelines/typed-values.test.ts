import { describe, expect, it } from 'vitest'
import { doubleJson, plainValue, typedValue } from './typed-values.ts'

describe('values of schema 2.0.0', () => {
  it.each([
    [{ intValue: '3' }, 3],
    [{ intValue: 3 }, 3],
    [{ doubleValue: 0.5 }, 0.5],
    [{ stringValue: '3' }, '3'],
    [{ stringValue: '' }, ''],
    ['as it is', 'as it is'],
    [[{ intValue: '3' }], [{ intValue: '3' }]],
    [
      { intValue: '3', more: 1 },
      { intValue: '3', more: 1 },
    ],
    [{ other: 1 }, { other: 1 }],
  ])('%j is %j', (written, plain) => {
    expect(plainValue(written)).toEqual(plain)
  })

  it.each([
    [3, 'NUMBER_INTEGER', { intValue: '3' }],
    [3, 'NUMBER_DOUBLE', { doubleValue: 3 }],
    ['3', 'STRING', { stringValue: '3' }],
    [true, 'STRING', { stringValue: 'true' }],
    [[1], 'STRING', { stringValue: '[1]' }],
  ] as const)('%j as %s is %j', (value, type, typed) => {
    expect(typedValue(value, type)).toEqual(typed)
  })
})

it.each([
  [2, 'NUMBER_DOUBLE', '2.0'],
  [-2, 'NUMBER_DOUBLE', '-2.0'],
  [0, 'NUMBER_DOUBLE', '0.0'],
  [2.5, 'NUMBER_DOUBLE', '2.5'],
  [1e21, 'NUMBER_DOUBLE', '1e+21'],
  ['NaN', 'NUMBER_DOUBLE', '"NaN"'],
  [2, 'NUMBER_INTEGER', '2'],
  [2, undefined, '2'],
] as const)('the JSON of %j as %s is %s', (value, type, text) => {
  expect(JSON.stringify(doubleJson(value, type))).toBe(text)
})
