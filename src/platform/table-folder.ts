import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'

/** Tables that this machine has written, `PROJECT/DATASET/TABLE` and an extension each, in one folder. */
export interface TableFolder {
  /** The file of a table `bq://PROJECT.DATASET.TABLE` that is there; undefined otherwise. */
  find(uri: string): string | undefined
  /** Where a table is written; undefined where the address is none of a table. */
  place(uri: string, extension: '.csv' | '.jsonl'): string | undefined
  list(): Promise<Readonly<Record<string, string>>>
}

const extensions = ['.csv', '.jsonl', '.parquet']
/** A project may have a domain before it (`example.com:project`); no part leads out of the folder. */
const address = /^bq:\/\/([A-Za-z0-9][\w.:-]*)\.([A-Za-z_]\w*)\.([\p{L}\p{N}_][\p{L}\p{N}_ -]*)$/u

export const createTableFolder = (folder: string): TableFolder => {
  const stem = (uri: string): string | undefined => {
    const [, project, dataset, table] = address.exec(uri) ?? []
    return project === undefined || dataset === undefined || table === undefined
      ? undefined
      : join(folder, project.replaceAll(':', '%3A'), dataset, table)
  }
  return {
    find: (uri) => {
      const path = stem(uri)
      return path === undefined ? undefined : extensions.map((end) => path + end).find((file) => existsSync(file))
    },
    place: (uri, extension) => {
      const path = stem(uri)
      return path === undefined ? undefined : `${path}${extension}`
    },
    list: async () => {
      const entries = await readdir(folder, { recursive: true }).catch(() => [])
      return Object.fromEntries(
        entries.flatMap((entry) => {
          const [project, dataset, file, ...more] = entry.split(sep)
          if (project === undefined || dataset === undefined || file === undefined || more.length > 0) return []
          const end = extname(file)
          if (!extensions.includes(end)) return []
          const table = `${project.replaceAll('%3A', ':')}.${dataset}.${file.slice(0, -end.length)}`
          return [[table, join(folder, entry)] as const]
        }),
      )
    },
  }
}
