import { access, readdir } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ArtifactFiles } from '../../../domain/ports/target.ts'

/** Files of the embedded platform lie on this machine; those in a bucket are not fetched. */
export const createArtifactFiles = (insecure: boolean): ArtifactFiles => ({
  files: async (uri) => {
    const path = insecure ? pathOf(uri) : undefined
    if (path === undefined) return undefined
    const pattern = basename(path)
    if (!pattern.includes('*')) return (await isThere(path)) ? [path] : []
    const [start = '', end = ''] = pattern.split('*')
    const names = await readdir(dirname(path)).catch(() => [])
    return names
      .filter((name) => name.startsWith(start) && name.endsWith(end))
      .sort()
      .map((name) => join(dirname(path), name))
  },
})

const pathOf = (uri: string): string | undefined => {
  if (isAbsolute(uri)) return uri
  return uri.startsWith('file:') ? fileURLToPath(uri) : undefined
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
