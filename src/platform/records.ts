import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { digestBytes, shortDigest } from '../domain/digest.ts'
import { Fault, messageOf } from '../domain/errors.ts'

/** A record is plain JSON with its resource name, which is its key. */
interface Named {
  readonly name: string
}

/**
 * Records of one kind, all held in memory. Every change is seen by readers at once, so that reading, deciding and
 * changing without an `await` between them is one step; the promise resolves when the change will survive kill -9.
 * Where it cannot be written (Fault `disk_full`), the record goes back to what is on the disk.
 */
export interface Collection<T extends Named> {
  get(name: string): T | undefined
  /** Oldest first; only those whose name begins with `prefix`, if given. */
  list(prefix?: string): readonly T[]
  /** False where there is a record of that name already. */
  insert(record: T): Promise<boolean>
  /** The changed record; undefined where there is none. `change` must return a new object, not alter the old. */
  update(name: string, change: (record: T) => T): Promise<T | undefined>
  /** As update, but written within `lazyWriteMs`: for progress that a journal or a later update makes good. */
  amend(name: string, change: (record: T) => T): T | undefined
  remove(name: string): Promise<boolean>
}

export interface Records {
  collection<T extends Named>(kind: string): Promise<Collection<T>>
  /** Writes whatever is still waiting. */
  close(): Promise<void>
}

const lazyWriteMs = 200

interface Entry<T> {
  readonly file: string
  readonly sequence: number
  value: T | undefined
  durable: T | undefined
  running: Promise<void> | undefined
  next: Promise<void> | undefined
  timer: NodeJS.Timeout | undefined
}

/** One JSON file a record under `root/<kind>/`: written to a temporary name, flushed to the disk, then renamed. */
export const createRecords = (root: string): Records => {
  const closers: (() => Promise<void>)[] = []
  const opened = new Map<string, Promise<Collection<Named>>>()
  return {
    collection: <T extends Named>(kind: string) => {
      const known = opened.get(kind) ?? openCollection<Named>(join(root, kind), closers)
      opened.set(kind, known)
      return known as unknown as Promise<Collection<T>>
    },
    close: async () => {
      for (const close of closers) await close()
    },
  }
}

const openCollection = async <T extends Named>(
  folder: string,
  closers: (() => Promise<void>)[],
): Promise<Collection<T>> => {
  await mkdir(folder, { recursive: true })
  const entries = new Map<string, Entry<T>>()
  for (const { sequence, record } of await readRecords<T>(folder))
    entries.set(record.name, { ...newEntry<T>(folder, record.name, sequence), value: record, durable: record })
  let sequence = Math.max(0, ...[...entries.values()].map((entry) => entry.sequence))

  const persist = (name: string, entry: Entry<T>): Promise<void> => {
    clearTimeout(entry.timer)
    entry.timer = undefined
    // Everyone who comes while a write is under way shares the one after it.
    entry.next ??= (entry.running ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => {
        entry.running = entry.next
        entry.next = undefined
        return write(name, entry)
      })
    return entry.next
  }

  const write = async (name: string, entry: Entry<T>): Promise<void> => {
    const { value } = entry
    try {
      if (value === undefined) await rm(entry.file, { force: true })
      else await writeDurably(folder, entry.file, JSON.stringify({ sequence: entry.sequence, record: value }))
      entry.durable = value
      if (value === undefined && entry.value === undefined && entries.get(name) === entry) entries.delete(name)
    } catch (error) {
      if (entry.value === value) entry.value = entry.durable
      if (entry.value === undefined && entries.get(name) === entry) entries.delete(name)
      throw unwritable(entry.file, error)
    }
  }

  const alive = (name: string): Entry<T> | undefined => {
    const entry = entries.get(name)
    return entry?.value === undefined ? undefined : entry
  }

  closers.push(async () => {
    for (const [name, entry] of entries) {
      if (entry.timer !== undefined) void persist(name, entry).catch(() => undefined)
      await (entry.next ?? entry.running)?.catch(() => undefined)
    }
  })

  return {
    get: (name) => entries.get(name)?.value,
    list: (prefix = '') => {
      const found: T[] = []
      for (const { value } of entries.values()) if (value?.name.startsWith(prefix)) found.push(value)
      return found
    },
    insert: async (record) => {
      if (alive(record.name)) return false
      sequence += 1
      const removing = entries.get(record.name)
      const entry: Entry<T> = {
        ...newEntry<T>(folder, record.name, sequence),
        value: record,
        running: removing?.next ?? removing?.running,
      }
      entries.delete(record.name)
      entries.set(record.name, entry)
      await persist(record.name, entry)
      return true
    },
    update: async (name, change) => {
      const entry = alive(name)
      if (!entry) return undefined
      const changed = change(entry.value as T)
      entry.value = changed
      await persist(name, entry)
      return changed
    },
    amend: (name, change) => {
      const entry = alive(name)
      if (!entry) return undefined
      entry.value = change(entry.value as T)
      entry.timer ??= setTimeout(() => void persist(name, entry).catch(() => undefined), lazyWriteMs)
      return entry.value
    },
    remove: async (name) => {
      const entry = alive(name)
      if (!entry) return false
      entry.value = undefined
      await persist(name, entry)
      return true
    },
  }
}

const newEntry = <T extends Named>(folder: string, name: string, sequence: number): Entry<T> => ({
  file: join(folder, fileName(name)),
  sequence,
  value: undefined,
  durable: undefined,
  running: undefined,
  next: undefined,
  timer: undefined,
})

/** Readable and never too long for a file system: the last part of the name and a digest of the whole. */
const fileName = (name: string): string => {
  const last = name.slice(name.lastIndexOf('/') + 1).replace(/[^A-Za-z0-9._-]/g, '_')
  return `${last.slice(0, 80)}-${shortDigest(digestBytes(name))}.json`
}

const readRecords = async <T>(folder: string): Promise<{ sequence: number; record: T }[]> => {
  const found: { sequence: number; record: T }[] = []
  for (const file of await readdir(folder)) {
    const path = join(folder, file)
    if (!file.endsWith('.json')) {
      await rm(path, { force: true })
      continue
    }
    try {
      found.push(JSON.parse(await readFile(path, 'utf8')) as { sequence: number; record: T })
    } catch (error) {
      throw new Fault('store_unavailable', `The platform's record ${path} cannot be read: ${messageOf(error)}`, {
        remedy: 'Restore the file from a backup, or move it away to go on without that resource.',
        cause: error,
      })
    }
  }
  return found.sort((a, b) => a.sequence - b.sequence)
}

const writeDurably = async (folder: string, file: string, text: string): Promise<void> => {
  const temporary = `${file}.writing`
  const handle = await open(temporary, 'w')
  try {
    await handle.writeFile(text)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  await rename(temporary, file)
  const directory = await open(folder, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

const unwritable = (file: string, error: unknown): Fault => {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new Fault('disk_full', `The disk is full: ${file} could not be written`, {
        remedy: 'Free some space and try again; nothing was changed.',
        retryable: true,
        cause: error,
      })
    : new Fault('store_unavailable', `${file} could not be written: ${messageOf(error)}`, { cause: error })
}
