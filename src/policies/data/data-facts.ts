import { binCounts, type ColumnProfile, type ReadTable, type TableProfile } from './profile.ts'

/** Numbers about the data by the names of their metrics. */
export interface DataFacts {
  readonly metrics: Readonly<Record<string, number>>
  readonly perClass: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/**
 * What is known of the data that a model was made from: rows, duplicates and the share of cells without a value; with
 * `leakedRows`, how many test rows are among them; with the champion's profile, how far it is from that.
 */
export const dataFacts = (
  { profile, samples }: Pick<ReadTable, 'profile' | 'samples'>,
  leakedRows: number | null,
  champion: TableProfile | null,
): DataFacts => {
  const columns = Object.entries(profile.columns)
  const cells = profile.rows * columns.length
  const missing = columns.reduce((sum, [, column]) => sum + column.missing, 0)
  const own = {
    'data.rows': profile.rows,
    'data.duplicates': profile.duplicates,
    'data.missing': cells === 0 ? 0 : missing / cells,
    ...(leakedRows === null ? {} : { 'data.leakedRows': leakedRows }),
  }
  const missingOf = Object.fromEntries(
    columns.map(([name, column]) => [name, profile.rows === 0 ? 0 : column.missing / profile.rows]),
  )
  if (champion === null) return { metrics: own, perClass: { 'data.missing': missingOf } }
  const skew = valuesOf(columns, (name, column) => skewOf(column, samples.get(name), memberOf(champion.columns, name)))
  const fresh = valuesOf(columns, (name, column) => newCategories(column, memberOf(champion.columns, name)))
  return {
    metrics: {
      ...own,
      'data.schemaChanges': schemaChanges(profile, champion),
      'data.newCategories': Object.values(fresh).reduce((sum, count) => sum + count, 0),
      'data.skew': Math.max(0, ...Object.values(skew)),
    },
    perClass: { 'data.missing': missingOf, 'data.newCategories': fresh, 'data.skew': skew },
  }
}

type Columns = readonly (readonly [string, ColumnProfile])[]

const valuesOf = (columns: Columns, value: (name: string, column: ColumnProfile) => number | undefined) =>
  Object.fromEntries(
    columns.flatMap(([name, column]): [string, number][] => {
      const found = value(name, column)
      return found === undefined ? [] : [[name, found]]
    }),
  )

/** Columns that came, went, or hold another kind of value; one that is empty in either has none. */
const schemaChanges = (now: TableProfile, before: TableProfile): number => {
  const names = new Set([...Object.keys(now.columns), ...Object.keys(before.columns)])
  return [...names].filter((name) => {
    const [one, other] = [memberOf(now.columns, name), memberOf(before.columns, name)]
    if (one === undefined || other === undefined) return true
    return one.type !== other.type && one.type !== 'empty' && other.type !== 'empty'
  }).length
}

const newCategories = (now: ColumnProfile, before: ColumnProfile | undefined): number | undefined => {
  const known = before?.categories
  if (!now.categories || !known) return undefined
  return Object.keys(now.categories).filter((text) => !Object.hasOwn(known, text)).length
}

const skewOf = (
  now: ColumnProfile,
  sample: Float64Array | undefined,
  before: ColumnProfile | undefined,
): number | undefined => {
  if (before?.bins && sample) return jensenShannon(binCounts(sample, before.bins.edges), before.bins.counts)
  return now.categories && before?.categories ? largestDifference(now.categories, before.categories) : undefined
}

/**
 * Jensen–Shannon divergence of two histograms over the same bins, to base 2, from 0 (the same shares) to 1 (no bin in
 * common): Lin, "Divergence measures based on the Shannon entropy", 1991. The bins are the deciles of the champion's data.
 */
const jensenShannon = (a: readonly number[], b: readonly number[]): number => {
  const [ofA, ofB] = [sum(a), sum(b)]
  if (ofA === 0 || ofB === 0) return 0
  let divergence = 0
  for (const [k, count] of a.entries()) {
    const [p, q] = [count / ofA, (b[k] ?? 0) / ofB]
    const middle = (p + q) / 2
    if (p > 0) divergence += (p * Math.log2(p / middle)) / 2
    if (q > 0) divergence += (q * Math.log2(q / middle)) / 2
  }
  return Math.min(1, Math.max(0, divergence))
}

/** L-infinity: the largest difference between the shares of any one category. */
const largestDifference = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): number => {
  const [ofA, ofB] = [sum(Object.values(a)), sum(Object.values(b))]
  if (ofA === 0 || ofB === 0) return 0
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return Math.max(
    0,
    ...[...names].map((name) => Math.abs((memberOf(a, name) ?? 0) / ofA - (memberOf(b, name) ?? 0) / ofB)),
  )
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

const memberOf = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined
