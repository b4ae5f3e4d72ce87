import { parseArgs } from 'node:util'
import type { StoreKind } from './house.ts'

export interface Options {
  readonly changes: number
  readonly seed: number
  readonly minutes: number
  readonly store: StoreKind
  readonly json: boolean
  readonly keep: boolean
}

export const usage =
  'npm run soak -- [--changes N] [--seed S] [--minutes M] [--store postgres|embedded] [--json] [--keep]'

const wholeNumber = (name: string, text: string, from: number, to: number): number => {
  const value = Number(text)
  if (Number.isInteger(value) && value >= from && value <= to) return value
  throw new Error(`--${name}: expected a whole number from ${from} to ${to}, got ${JSON.stringify(text)}`)
}

/** Throws an Error that says what is wrong with the words. */
export const parseOptions = (words: readonly string[]): Options => {
  const { values } = parseArgs({
    args: [...words],
    options: {
      changes: { type: 'string', default: '2000' },
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '30' },
      store: { type: 'string', default: 'postgres' },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  })
  const { store, json, keep } = values
  if (store !== 'postgres' && store !== 'embedded')
    throw new Error(`--store: expected postgres or embedded, got ${JSON.stringify(store)}`)
  return {
    changes: wholeNumber('changes', values.changes, 50, 1_000_000),
    seed: wholeNumber('seed', values.seed, 0, 2 ** 31),
    minutes: wholeNumber('minutes', values.minutes, 1, 1_440),
    store,
    json,
    keep,
  }
}
