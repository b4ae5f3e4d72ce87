import type { ArchivedRow, ArchiveFolder, ArchiveLedger } from '../domain/archive.ts'
import type { HistoryEntry, Reading, RowKind, Rows, Store, Where } from '../domain/ports/store.ts'
import type { TraceReading } from './trace.ts'

/**
 * A reading of the store that finds archived rows, too: one that is asked for by its number and is not there is read
 * from its archive, and with it all that lies in the same file. For one question: what was read is kept as long as this is.
 */
export const withArchives = (
  store: TraceReading & Pick<ArchiveLedger, 'archivedIn'>,
  folder: Pick<ArchiveFolder, 'read'> | undefined,
): TraceReading & Pick<Store, 'get'> => {
  const files = new Map<string, readonly ArchivedRow[]>()

  const load = async (kind: RowKind, id: number): Promise<ArchivedRow | undefined> => {
    const name = folder === undefined ? undefined : await store.archivedIn(kind, id)
    if (folder === undefined || name === undefined) return undefined
    const rows = files.get(name) ?? (await folder.read(name))
    files.set(name, rows)
    return rows.find((one) => one.kind === kind && one.row.id === id)
  }

  const get: Reading['get'] = async <K extends RowKind>(kind: K, id: number) =>
    (await store.get(kind, id)) ?? ((await load(kind, id))?.row as Rows[K] | undefined)

  const list: Reading['list'] = async <K extends RowKind>(kind: K, where: Where<K> = {}, limit?: number) => {
    const found = [...files.values()].flat().filter((one) => one.kind === kind && fits(one.row, where))
    return [...(await store.list(kind, where, limit)), ...found.map(({ row }) => row as Rows[K])].slice(0, limit ?? 100)
  }

  return {
    get,
    list,
    objectsOf: async (batch, limit, after) => {
      const held = await store.objectsOf(batch, limit, after)
      if (held.length > 0) return held
      const { objects = [] } = (await load('batch', batch)) ?? {}
      const from = after === undefined ? 0 : objects.findIndex(({ uri }) => uri === after) + 1
      return objects.slice(from, from + limit)
    },
    history: async (kind, id): Promise<readonly HistoryEntry[]> => {
      const live = await store.history(kind, id)
      return live.length > 0 ? live : ((await load(kind, id))?.history ?? [])
    },
    changesAfterRun: async (run) => {
      const found = [...files.values()]
        .flat()
        .flatMap(({ kind, row }) => (kind === 'change' ? [row as Rows['change']] : []))
      return [
        ...found.filter(({ cause }) => 'run' in cause && cause.run === run),
        ...(await store.changesAfterRun(run)),
      ]
    },
  }
}

const fits = (row: object, where: object): boolean =>
  Object.entries(where).every(([field, wanted]) => {
    const value = (row as Readonly<Record<string, unknown>>)[field]
    return Array.isArray(wanted) ? wanted.includes(value) : value === wanted
  })
