import { constants } from 'node:fs'
import { open, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'

/** The real path of a checkout's file, or why there is none: told to a person. */
export const findRepositoryFile = async (
  folder: string,
  path: string,
): Promise<{ readonly path: string } | { readonly error: string }> => {
  const root = await realpath(folder)
  const real = await realpath(join(root, path)).catch(() => undefined)
  if (real === undefined) return { error: `${path}: there is no such file in the repository` }
  if (!real.startsWith(root + sep)) return { error: `${path} lies outside the repository` }
  if (!(await stat(real)).isFile()) return { error: `${path} is no file` }
  return { path: real }
}

/** A file's text, or undefined where it is larger than `maxBytes`, a link, or no regular file: for what untrusted code wrote. */
export const readCapped = async (path: string, maxBytes: number): Promise<string | undefined> => {
  // Without O_NONBLOCK a pipe that somebody put there would hang us.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const file = await open(path, flags).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const { size } = await file.stat().then((found) => (found.isFile() ? found : { size: Number.POSITIVE_INFINITY }))
    if (size > maxBytes) return undefined
    const buffer = Buffer.alloc(size)
    let filled = 0
    while (filled < size) {
      const { bytesRead } = await file.read(buffer, filled, size - filled, filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return buffer.toString('utf8', 0, filled)
  } finally {
    await file.close()
  }
}
