import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Digest, digestBytes, digestJson } from '../../../domain/digest.ts'
import type { Json } from '../../../domain/json.ts'

const digestFile = async (path: string): Promise<Digest> => {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return `sha256:${hash.digest('hex')}`
}

/**
 * The digest of what lies at a path: a file's bytes, or a folder's names and contents. Null where there is nothing.
 * Times, owners and modes do not count; a link counts as the text that it points with.
 */
export const contentDigest = async (path: string): Promise<Digest | null> => {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return null
  if (found.isSymbolicLink()) return digestBytes(`link ${await readlink(path)}`)
  if (!found.isDirectory()) return found.isFile() ? digestFile(path) : digestBytes('special')
  const names = (await readdir(path)).sort()
  const entries: Json[] = []
  for (const name of names) entries.push([name, await contentDigest(join(path, name))])
  return digestJson(entries)
}
