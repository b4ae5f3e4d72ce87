import type { Outcome } from '../../domain/verdict.ts'
import type { MetricGate } from '../language/policy.ts'
import type { Column } from '../predictions/predictions.ts'
import type { ModelEvidence } from './case.ts'

/** A part of the examples that a gate looks at. */
export type Part =
  | {
      readonly kind: 'part'
      /** `region = north`, `region = north, season = wet`; null for all examples. */
      readonly name: string | null
      /** Tells parts apart whose names read alike, because a value has a comma in it. */
      readonly key: string
      readonly positions: Uint32Array | null
    }
  | { readonly kind: 'unknown'; readonly name: string; readonly outcome: Outcome; readonly reason: string }

/** More than these are no slices but names. */
const mostParts = 1_000

/** The parts that a gate looks at; without slices, all examples at once. */
export const partsOf = (gate: MetricGate, { answers }: ModelEvidence): readonly Part[] => {
  if (gate.slices.length === 0) return [{ kind: 'part', name: null, key: '', positions: null }]
  return gate.slices.flatMap((columns): readonly Part[] => {
    const name = columns.join(', ')
    const unknown = (outcome: Outcome, reason: string): readonly Part[] => [{ kind: 'unknown', name, outcome, reason }]
    if (answers === null)
      return unknown(
        'inconclusive',
        `${gate.metric} by ${name} cannot be told without per-example predictions (an artifact called predictions)`,
      )
    const { predictions } = answers
    const found = columns.map((column) =>
      Object.hasOwn(predictions.columns, column) ? predictions.columns[column] : undefined,
    )
    const missing = columns.find((_, i) => found[i] === undefined)
    if (missing !== undefined) {
      const known = Object.keys(predictions.columns)
      const there =
        known.length === 0
          ? 'they have no columns to slice by'
          : `there are ${known.join(', ')} (one of more than ${mostParts} values is none)`
      return unknown('fail', `the predictions have no column ${missing}: ${there}`)
    }
    if (predictions.rows === 0) return unknown('inconclusive', `there is no example, whatever its ${name}`)
    return (
      group(columns, found as Column[], predictions.rows) ??
      unknown('inconclusive', `${name} has more than ${mostParts} values: that is no slice`)
    )
  })
}

const group = (names: readonly string[], columns: readonly Column[], rows: number): readonly Part[] | undefined => {
  const groups = new Map<string, { readonly name: string; readonly key: string; readonly positions: number[] }>()
  for (let i = 0; i < rows; i++) {
    const key = columns.map(({ codes }) => codes[i]).join('/')
    let found = groups.get(key)
    if (found === undefined) {
      if (groups.size === mostParts) return undefined
      const values = columns.map(({ values: texts, codes }) => texts[codes[i] as number])
      const name = names.map((column, c) => `${column} = ${values[c]}`).join(', ')
      found = { name, key: JSON.stringify([names, values]), positions: [] }
      groups.set(key, found)
    }
    found.positions.push(i)
  }
  return [...groups.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ positions, ...part }) => ({ kind: 'part', ...part, positions: Uint32Array.from(positions) }))
}
