import { createLeakCounter } from '../../policies/data/leaks.ts'
import { createProfiler, type ReadTable } from '../../policies/data/profile.ts'
import { createTableFaults } from './table-faults.ts'
import { readTableFile, readTableHead } from './table-file.ts'
import type { RowSink } from './table-row.ts'

export interface ProfiledTables {
  readonly train: ReadTable
  /** Rows of the test table that are among the training rows, in the columns that both have; null without one. */
  readonly leakedRows: number | null
}

/** Reads training and test tables row by row. Fault `predictions_invalid` where one cannot be read. */
export const profileTables = async (
  train: readonly string[],
  test: readonly string[],
  signal?: AbortSignal,
): Promise<ProfiledTables> => {
  const [first, other] = await Promise.all(
    [train[0], test[0]].map((path) => (path === undefined ? undefined : readTableHead(path, 1, signal))),
  )
  const both = other === undefined ? [] : (first?.columns.filter((name) => other.columns.includes(name)) ?? [])
  const profiler = createProfiler(both.length === 0 ? undefined : both)
  await readAll(train, profiler, signal)
  const known = profiler.finish()
  if (both.length === 0) return { train: known, leakedRows: null }
  const leaks = createLeakCounter(known.keys, both)
  await readAll(test, leaks, signal)
  return { train: known, leakedRows: leaks.count() }
}

const readAll = async (paths: readonly string[], sink: RowSink, signal?: AbortSignal): Promise<void> => {
  for (const path of paths) {
    const faults = createTableFaults((at) => (at === null ? path : `${path}:${at}`))
    await readTableFile(path, sink, faults, signal)
  }
}
