import { didYouMean } from '../../declarations/describe-issue.ts'
import type { TableFaults } from '../tables/table-faults.ts'

/** Which column of a table is what, by its place in the header. */
export interface ColumnRoles {
  readonly label: number
  readonly predicted: number | null
  readonly probabilities: readonly { readonly at: number; readonly of: string }[]
  readonly quantiles: readonly { readonly at: number; readonly quantile: number }[]
  /** What names an example: the columns whose texts, joined, do. Empty: nothing does. */
  readonly ids: readonly number[]
  /** What may be sliced by. */
  readonly others: readonly { readonly at: number; readonly name: string }[]
}

const labelNames = ['label', 'target', 'truth'] as const
/** pandas writes its index into a column like these. */
const isIndex = (name: string): boolean => name === '' || /^__index_level_\d+__$/.test(name)

/** Throws a Fault where the header cannot be understood. `label` null: by its usual names. */
export const columnRoles = (header: readonly string[], label: string | null, faults: TableFaults): ColumnRoles => {
  const names = header.filter((name) => !isIndex(name))
  const there = `there are ${names.slice(0, 30).join(', ') || 'no names'}${names.length > 30 ? ' …' : ''}`
  for (const name of new Set(names))
    if (names.indexOf(name) !== names.lastIndexOf(name)) faults.add(1, name, 'expected each column once, got it twice')
  const truth = label ?? labelNames.find((name) => names.includes(name))
  if (truth === undefined)
    faults.add(
      1,
      null,
      `expected a column of the truth (${labelNames.join(', ')}, or --label COLUMN): ${there}${hint(names)}`,
    )
  else if (!names.includes(truth))
    faults.add(1, null, `there is no column ${truth}${didYouMean(truth, names)}: ${there}`)
  const columns = header.map((name, at) => ({ name, at })).filter(({ name }) => name !== truth && !isIndex(name))
  const probabilities = columns
    .filter(({ name }) => name.startsWith('p_') && name.length > 2)
    .map(({ name, at }) => ({ at, of: name.slice(2) }))
  const quantiles = columns
    .filter(({ name }) => name.startsWith('q_'))
    .map(({ name, at }) => ({ name, at, quantile: Number(name.slice(2)) }))
  for (const { name, quantile } of quantiles)
    if (!(quantile > 0 && quantile < 1))
      faults.add(1, name, 'expected q_ and a quantile between 0 and 1, such as q_0.9')
  const predicted = header.indexOf('predicted')
  if (probabilities.length > 0 && quantiles.length > 0)
    faults.add(1, null, 'expected p_<class> of a classification or q_<quantile> of a forecast, got both')
  if (probabilities.length === 0 && predicted < 0 && quantiles.length === 0)
    faults.add(1, null, `expected p_<class> of every class, or predicted: ${there}${hint(names)}`)
  if (predicted < 0 && quantiles.length > 0 && !quantiles.some(({ quantile }) => quantile === 0.5))
    faults.add(1, null, 'expected predicted or q_0.5 beside the quantiles: errors are measured on it')
  faults.check()
  const named = columns.filter(({ name }) => name === 'id')
  const ids = named.length > 0 ? named : columns.filter(({ name }) => name.endsWith('_id') && !/^[pq]_/.test(name))
  const taken = new Set([...probabilities, ...quantiles, ...named].map(({ at }) => at).concat(predicted))
  return {
    label: header.indexOf(truth as string),
    predicted: predicted < 0 ? null : predicted,
    probabilities,
    quantiles: quantiles.map(({ at, quantile }) => ({ at, quantile })).sort((a, b) => a.quantile - b.quantile),
    ids: ids.map(({ at }) => at),
    others: columns.filter(({ at }) => !taken.has(at)),
  }
}

const hint = (names: readonly string[]): string =>
  names.length === 1 && /[;\t|]/.test(names[0] as string) ? '; cells are separated by commas' : ''
