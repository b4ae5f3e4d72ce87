import { extname, join } from 'node:path'
import type { PythonEnvironments } from '../../processes/python-environments.ts'
import { query } from '../bigquery/query.ts'
import type { ComponentCall } from './component.ts'

/** The files as they are, but Parquet as CSV files in the task's folder: what trains reads texts alone. */
export const textFiles = (
  files: readonly string[],
  call: Pick<ComponentCall, 'folder' | 'log'>,
  environments: PythonEnvironments,
  signal: AbortSignal,
): Promise<readonly string[]> =>
  Promise.all(
    files.map(async (file, at) => {
      if (extname(file) !== '.parquet') return file
      const folder = join(call.folder, `table-${at}`)
      const request = {
        query: 'SELECT * FROM files.given',
        parameters: [],
        destination: 'local.files.text',
        writeDisposition: 'WRITE_TRUNCATE' as const,
        project: 'local',
      }
      const tables = {
        tables: async () => ({ 'local.files.given': file }),
        tableFile: () => join(folder, 'text.csv'),
      }
      const [written] = await query(request, tables, { environments, folder, log: call.log }, signal)
      return written?.file ?? file
    }),
  )
