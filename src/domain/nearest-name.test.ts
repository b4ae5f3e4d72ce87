import { expect, it } from 'vitest'
import { editDistance, nearestName } from './nearest-name.ts'

it.each([
  ['', '', 0],
  ['abc', 'abc', 0],
  ['', 'abc', 3],
  ['macrof1', 'marcof1', 1],
  ['recal', 'recall', 1],
  ['kitten', 'sitting', 3],
  ['ca', 'abc', 3],
])('from %j to %j is %i edits', (from, to, distance) => {
  expect(editDistance(from, to)).toBe(distance)
  expect(editDistance(to, from)).toBe(distance)
})

it.each([
  ['macroF', 'macroF1'],
  ['macro_f1', 'macroF1'],
  ['RECALL', 'recall'],
  ['logLos', 'logLoss'],
  ['latency', undefined],
  ['', undefined],
  ['x'.repeat(5_000), undefined],
])('%j is near %j', (name, nearest) => {
  expect(nearestName(name, ['macroF1', 'recall', 'logLoss'])).toBe(nearest)
})
