import { describe, expect, it } from 'vitest'
import { digestJson } from '../../../domain/digest.ts'
import { type CacheParts, missReason } from './cache-parts.ts'

const [a, b] = [digestJson('a'), digestJson('b')]
const parts: CacheParts = { component: a, environment: a, inputs: { rows: a, table: a } }

describe('the reason why a task runs', () => {
  it.each<[string, CacheParts, CacheParts | undefined]>([
    ['it runs for the first time', parts, undefined],
    ['input rows changed', { ...parts, inputs: { rows: b, table: a } }, parts],
    ['inputs rows, table changed', { ...parts, inputs: { rows: b, table: b } }, parts],
    ['input more changed', { ...parts, inputs: { ...parts.inputs, more: a } }, parts],
    ['input table changed', { ...parts, inputs: { rows: a } }, parts],
    ['its environment changed', { ...parts, environment: b }, parts],
    [
      'its component changed; input rows changed',
      { component: b, environment: a, inputs: { rows: b, table: a } },
      parts,
    ],
    ['outputs of the earlier run are gone or were touched', parts, parts],
  ])('%s', (reason, now, last) => {
    expect(missReason(now, last)).toBe(reason)
  })
})
