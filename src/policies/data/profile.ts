import { createRandom } from '../statistics/random.ts'
import { plainCell, rowHash, type TableCell } from './cells.ts'

/** What a column of training data looked like; small, so that it is kept with a verdict. */
export interface ColumnProfile {
  readonly type: 'number' | 'text' | 'empty'
  readonly missing: number
  /** Of numbers: how many lie in each of the bins that the edges divide; one more count than edges. */
  readonly bins: { readonly edges: readonly number[]; readonly counts: readonly number[] } | null
  /** Of texts: how many rows have each; null where there are too many to be categories. */
  readonly categories: Readonly<Record<string, number>> | null
}

export interface TableProfile {
  readonly rows: number
  /** Rows that repeat an earlier one, cell for cell. */
  readonly duplicates: number
  readonly columns: Readonly<Record<string, ColumnProfile>>
}

/** A table that was read whole, with what it takes to compare it. */
export interface ReadTable {
  readonly profile: TableProfile
  /** Of each column of numbers, up to 10,000 of its values, each row equally likely. */
  readonly samples: ReadonlyMap<string, Float64Array>
  /** Of the cells of the key columns, each distinct row once. */
  readonly keys: ReadonlySet<number>
}

export interface Profiler {
  header(names: readonly string[]): void
  row(cells: readonly TableCell[]): void
  finish(): ReadTable
}

const mostCategories = 1_000
const sampleSize = 10_000
const binCount = 10

/**
 * Takes a table row by row. `keyColumns` are those by which rows of this table are found in another; all where it is
 * undefined. The same rows in the same order give the same profile.
 */
export const createProfiler = (keyColumns?: readonly string[]): Profiler => {
  let names: readonly string[] = []
  let columns: readonly ReturnType<typeof createColumn>[] = []
  let keyPlaces: readonly number[] = []
  let places: readonly number[] = []
  let rows = 0
  let duplicates = 0
  const seen = new Set<number>()
  const keys = new Set<number>()
  return {
    header: (header) => {
      // Several files of one table: each has its header.
      if (names.length > 0) return
      names = header
      columns = header.map(createColumn)
      // By name, so that the order of the columns does not matter.
      places = [...header.keys()].sort((a, b) => ((header[a] as string) < (header[b] as string) ? -1 : 1))
      keyPlaces = keyColumns === undefined ? places : places.filter((at) => keyColumns.includes(header[at] as string))
    },
    row: (cells) => {
      rows += 1
      const plain = cells.map(plainCell)
      for (const [at, column] of columns.entries()) column.add(plain[at] ?? null)
      const whole = rowHash(plain, places)
      if (seen.has(whole)) duplicates += 1
      seen.add(whole)
      keys.add(keyPlaces.length === places.length ? whole : rowHash(plain, keyPlaces))
    },
    finish: () => {
      const finished = columns.map((column) => column.finish())
      const samples = names.flatMap((name, at): [string, Float64Array][] => {
        const sample = finished[at]?.sample
        return sample ? [[name, sample]] : []
      })
      const profile = {
        rows,
        duplicates,
        columns: Object.fromEntries(
          names.map((name, at) => [
            name,
            (finished[at] as ReturnType<ReturnType<typeof createColumn>['finish']>).profile,
          ]),
        ),
      }
      return { profile, samples: new Map(samples), keys }
    },
  }
}

const createColumn = (_name: string, at: number) => {
  const random = createRandom(at + 1)
  const categories = new Map<string, number>()
  const sample: number[] = []
  let [numbers, texts, missing] = [0, 0, 0]
  let many = false
  return {
    add: (cell: string | number | null): void => {
      if (cell === null) {
        missing += 1
        return
      }
      if (typeof cell === 'number') {
        numbers += 1
        // Algorithm R (Vitter, "Random sampling with a reservoir", 1985).
        if (sample.length < sampleSize) sample.push(cell)
        else {
          const place = random.below(numbers)
          if (place < sampleSize) sample[place] = cell
        }
      } else texts += 1
      const text = String(cell)
      const known = categories.get(text)
      if (known !== undefined) categories.set(text, known + 1)
      else if (categories.size < mostCategories) categories.set(text, 1)
      else many = true
    },
    finish: (): { readonly profile: ColumnProfile; readonly sample: Float64Array | null } => {
      if (numbers + texts === 0)
        return { profile: { type: 'empty', missing, bins: null, categories: null }, sample: null }
      if (texts > 0) {
        const sorted = [...categories].sort(([a], [b]) => (a < b ? -1 : 1))
        const kept = many ? null : Object.fromEntries(sorted)
        return { profile: { type: 'text', missing, bins: null, categories: kept }, sample: null }
      }
      const values = Float64Array.from(sample).sort()
      const edges = edgesOf(values)
      const bins = { edges, counts: binCounts(values, edges) }
      return { profile: { type: 'number', missing, bins, categories: null }, sample: values }
    },
  }
}

/** The inner deciles of sorted values, each once: a value that fills several bins makes one edge. */
const edgesOf = (sorted: Float64Array): readonly number[] => {
  const deciles = Array.from(
    { length: binCount - 1 },
    (_, k) => sorted[Math.floor(((k + 1) * sorted.length) / binCount)] as number,
  )
  return [...new Set(deciles)].filter((edge) => edge > (sorted[0] as number))
}

/** How many values lie below the first edge, from each edge up to the next, and from the last edge on. */
export const binCounts = (values: Float64Array, edges: readonly number[]): readonly number[] => {
  const counts = new Array<number>(edges.length + 1).fill(0)
  for (const value of values) {
    let [low, high] = [0, edges.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (value >= (edges[middle] as number)) low = middle + 1
      else high = middle
    }
    counts[low] = (counts[low] as number) + 1
  }
  return counts
}
