import type { BigIntStats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { isAbsolute, join, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { globFault, matchesGlob } from '../../declarations/glob.ts'
import type { DataObject } from '../../domain/batch.ts'
import { Fault, messageOf } from '../../domain/errors.ts'
import type { DataSource } from '../../domain/ports/data.ts'
import type { Duration, Time } from '../../domain/time.ts'

export interface FolderSourceOptions {
  /** Where relative addresses (`file:incoming/*.csv`) start. */
  readonly base: string
  /** How long a file must have been left alone to be complete. Default 2 s. */
  readonly settle?: Duration
  /** Folders that absolute addresses must lie in; any folder where this is not given. */
  readonly within?: readonly string[]
  readonly now?: () => Time
}

/** What writers and browsers call a file that is not whole yet. */
const unfinished = /^\.|\.(?:part|partial|tmp|temp|crdownload|download|swp)$|~$/i
const defaultSettle: Duration = 2_000
/** Looks at so many files at once: more only queue up behind libuv's threads. */
const width = 64

interface Look {
  readonly state: string
  readonly since: Time
}

/**
 * The files of a folder as a data source: `file:` addresses with a pattern in their last part.
 *
 * Listed are regular files that are complete: left alone for `settle` (by mtime and ctime, or seen the same in two looks
 * that far apart, for folders of machines whose clocks are ahead), not hidden, and without a name that says
 * "not yet". Links are left out: what they show is in another folder, or would count twice. An empty file is listed like
 * any other: it may be a marker.
 *
 * A generation is made of size, mtime and inode: it changes when a file is written to or replaced, and not when it is
 * only renamed back and forth, linked or given other rights.
 */
export const createFolderSource = (options: FolderSourceOptions): DataSource => {
  const { settle = defaultSettle, now = Date.now } = options
  /** By address: what was not complete at the last look, and since when it has looked so. */
  const looks = new Map<string, ReadonlyMap<string, Look>>()

  return {
    async list(uri, signal) {
      signal.throwIfAborted()
      const { folder, pattern } = parseAddress(uri, options)
      const names = (await readNames(folder, uri)).filter(
        (name) => !unfinished.test(name) && matchesGlob(pattern, name),
      )
      const at = now()
      const before = looks.get(uri)
      const growing = new Map<string, Look>()
      const objects: DataObject[] = []
      for (let i = 0; i < names.length; i += width) {
        signal.throwIfAborted()
        await Promise.all(
          names.slice(i, i + width).map(async (name) => {
            const path = join(folder, name)
            const found = await lookAt(path)
            if (!found?.isFile()) return
            const last = before?.get(name)
            const state = `${found.size} ${found.mtimeNs} ${found.ctimeNs} ${found.ino}`
            const since = last?.state === state ? last.since : at
            const leftAlone = Math.max(at - Number(found.mtimeMs), 0) >= settle && at - Number(found.ctimeMs) >= settle
            if (leftAlone || at - since >= settle) objects.push(toObject(path, found))
            // Only a clock that is ahead makes a second look necessary, but a complete file stays complete because of it.
            if (!leftAlone) growing.set(name, { state, since })
          }),
        )
      }
      looks.set(uri, growing)
      return objects.sort((a, b) => (a.uri < b.uri ? -1 : a.uri > b.uri ? 1 : 0))
    },

    async find(uri, signal) {
      signal.throwIfAborted()
      const path = fileURLToPath(uri)
      const found = await lookAt(path)
      return found?.isFile() ? toObject(path, found) : undefined
    },
  }
}

const toObject = (path: string, found: BigIntStats): DataObject => ({
  uri: pathToFileURL(path).href,
  generation: [found.size, found.mtimeNs, found.ino].map((part) => part.toString(36)).join('-'),
  size: Number(found.size),
})

/** Undefined for a file that has gone since its name was read. */
const lookAt = async (path: string): Promise<BigIntStats | undefined> => {
  try {
    return await lstat(path, { bigint: true })
  } catch {
    return undefined
  }
}

const readNames = async (folder: string, uri: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why =
      code === 'ENOENT' ? 'there is no such folder' : code === 'ENOTDIR' ? 'that is no folder' : messageOf(cause)
    throw new Fault('not_found', `${uri}: ${folder} cannot be listed: ${why}`, {
      retryable: true,
      remedy: `make the folder ${folder}, readable by the user that Winnow runs as, or correct the address in winnow.yaml`,
      cause,
    })
  }
}

const parseAddress = (uri: string, options: FolderSourceOptions): { folder: string; pattern: string } => {
  const invalid = (why: string): Fault =>
    new Fault('declaration_invalid', `${JSON.stringify(uri)} is no address of files: ${why}`, {
      remedy: 'write file:folder/*.csv, or file:///absolute/folder/*.csv',
    })
  if (!uri.startsWith('file:')) throw invalid('it does not begin with file:')
  const path = uri.slice('file:'.length)
  if (/^\/\/[^/]/.test(path)) throw invalid('it names a host')
  const parts = path
    .replace(/^\/\/\//, '/')
    .split('/')
    .map(decode)
  if (parts.some((part) => part === undefined || part === '..' || /[/\0]/.test(part)))
    throw invalid('a part of it is .. or no name')
  const decoded = parts as readonly string[]
  const pattern = decoded.at(-1) ?? ''
  if (pattern === '') throw invalid('it ends with a slash')
  const fault = globFault(pattern)
  if (fault !== undefined) throw invalid(fault)
  const start = decoded.slice(0, -1).join('/')
  const absolute = path.startsWith('/')
  const folder = absolute ? resolve(start === '' ? '/' : start) : resolve(options.base, start)
  const { within } = options
  if (
    within !== undefined &&
    isAbsolute(path) &&
    !within.some((root) => `${folder}${sep}`.startsWith(`${resolve(root)}${sep}`))
  )
    throw invalid('it lies outside the folders that the config allows')
  return { folder, pattern }
}

const decode = (part: string): string | undefined => {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}
