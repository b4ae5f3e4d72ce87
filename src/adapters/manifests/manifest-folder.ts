import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { ManifestFiles } from '../../domain/ports/data.ts'

/** Manifests as files of this machine, for the targets whose runs read them from there. */
export const createManifestFolder = (folder: string, isLocal: (target: string) => boolean): ManifestFiles => ({
  address: (target, name) => (isLocal(target) ? pathToFileURL(join(folder, name)).href : undefined),
  write: async (address, text, signal) => {
    const path = fileURLToPath(address)
    if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return
    await mkdir(dirname(path), { recursive: true })
    // A reader sees the whole of it or none.
    const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`
    await writeFile(draft, text, { signal })
    await rename(draft, path)
  },
})
