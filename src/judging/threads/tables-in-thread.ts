import type { ProfiledData, TableHead } from '../port.ts'
import type { TableTask } from './table-task.ts'
import { doInThread } from './thread-program.ts'

/** Tables are read and decompressed in a thread of their own: they may be large, and the event loop would wait for them. */
export const readHeadInThread = (path: string, rows: number, signal: AbortSignal): Promise<TableHead> =>
  tablesThread({ kind: 'head', path, rows }, signal)

export const profileInThread = (
  train: readonly string[],
  test: readonly string[],
  signal: AbortSignal,
): Promise<ProfiledData> => tablesThread({ kind: 'profile', train, test }, signal)

const tablesThread = <T>(task: TableTask, signal: AbortSignal): Promise<T> =>
  doInThread('tables-worker', task, 'reads tables', signal)
