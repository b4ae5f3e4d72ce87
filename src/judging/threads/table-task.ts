import type { ProfiledData, TableHead } from '../port.ts'
import { profileTables } from '../tables/profile-tables.ts'
import { readTableHead } from '../tables/table-file.ts'

export type TableTask =
  | { readonly kind: 'head'; readonly path: string; readonly rows: number }
  | { readonly kind: 'profile'; readonly train: readonly string[]; readonly test: readonly string[] }

/** What the thread does. */
export const doTableTask = async (task: TableTask): Promise<TableHead | ProfiledData> => {
  if (task.kind === 'head') return await readTableHead(task.path, task.rows)
  const { train, leakedRows } = await profileTables(task.train, task.test)
  // Not the keys: a number for each row, of which only the count of leaks is wanted.
  return { train: { profile: train.profile, samples: train.samples }, leakedRows }
}
