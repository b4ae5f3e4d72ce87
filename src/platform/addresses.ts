import { access, readdir } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve as resolvePath } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Fault } from '../domain/errors.ts'
import { createTableFolder } from './table-folder.ts'

/** Where the addresses of pipelines and clients lie on this machine. */
export interface Addresses {
  /** The local path of an address: an absolute path, a `file:` URI, or a mapped one. Fault `address_unmapped` otherwise. */
  resolve(uri: string): string
  /** The files of an address whose last part may hold `*`, sorted. Fault `artifact_missing` where there is none. */
  files(uri: string): Promise<readonly string[]>
  /** Where the table `bq://PROJECT.DATASET.TABLE` is written: the file it is mapped to, else one among the platform's own. */
  tableFile(uri: string, extension?: '.csv' | '.jsonl'): string
  /** Every table there is, mapped or written here: `PROJECT.DATASET.TABLE` to its file. */
  tables(): Promise<Readonly<Record<string, string>>>
  /** The `file:` URI of a local path. */
  uriOf(path: string): string
}

/**
 * `map` takes exact addresses (`bq://project.dataset.table`, `gs://bucket/data.csv`) and prefixes that end in a slash
 * (`gs://bucket/folder/`) to local paths, relative ones from `root`. The longest prefix wins. Tables that are mapped to
 * nothing are kept in the folder `tables`, where there is one.
 */
export const createAddresses = ({
  map,
  root,
  tables: folder,
}: {
  map: Readonly<Record<string, string>>
  root: string
  tables?: string
}): Addresses => {
  const own = folder === undefined ? undefined : createTableFolder(folder)
  const targets = new Map(Object.entries(map).map(([address, path]) => [address, localPath(path, root)]))
  const prefixes = [...targets.keys()].filter((key) => key.endsWith('/')).sort((a, b) => b.length - a.length)

  const resolve = (uri: string): string => {
    const exact = targets.get(uri) ?? targets.get(`${uri}/`)
    if (exact !== undefined) return exact
    if (isAbsolute(uri)) return resolvePath(uri)
    if (uri.startsWith('file:')) return filePath(uri)
    const table = own?.find(uri)
    if (table !== undefined) return table
    const prefix = prefixes.find((key) => uri.startsWith(key))
    if (prefix === undefined) throw unmapped(uri)
    const folder = targets.get(prefix) as string
    const path = join(folder, uri.slice(prefix.length))
    if (relative(folder, path).startsWith('..')) throw unmapped(uri)
    return path
  }

  return {
    resolve,
    files: async (uri) => {
      const path = resolve(uri)
      const pattern = basename(path)
      if (!pattern.includes('*')) {
        await access(path).catch((error) => {
          throw new Fault('artifact_missing', `${uri} leads to ${path}, which cannot be read`, {
            remedy: 'Put the file there, or correct where the address is mapped to.',
            cause: error,
          })
        })
        return [path]
      }
      const expression = new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`)
      const names = await readdir(dirname(path)).catch(() => [])
      const found = names.filter((name) => expression.test(name)).sort()
      if (found.length === 0)
        throw new Fault('artifact_missing', `No file matches ${uri}`, {
          remedy: `Look into ${dirname(path)}, where that address leads.`,
        })
      return found.map((name) => join(dirname(path), name))
    },
    tableFile: (uri, extension = '.csv') => {
      const file = targets.get(uri) ?? own?.find(uri) ?? own?.place(uri, extension)
      if (file === undefined) throw unmapped(uri)
      return file
    },
    tables: async () => ({
      ...(await own?.list()),
      ...Object.fromEntries(
        [...targets].flatMap(([uri, path]) => (uri.startsWith('bq://') ? [[uri.slice('bq://'.length), path]] : [])),
      ),
    }),
    uriOf: (path) => pathToFileURL(path).href,
  }
}

const localPath = (path: string, root: string): string =>
  path.startsWith('file:') ? filePath(path) : resolvePath(root, path)

const filePath = (uri: string): string => {
  try {
    return fileURLToPath(uri)
  } catch (error) {
    throw new Fault('address_unmapped', `${uri} names no file of this machine`, {
      remedy: 'Write it as file:///absolute/path.',
      cause: error,
    })
  }
}

const unmapped = (uri: string): Fault =>
  new Fault('address_unmapped', `The address ${JSON.stringify(uri)} leads nowhere on this machine`, {
    remedy: `Map it to a local file or folder in the platform's "addresses", or with --map ${uri}=FILE.`,
  })

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
