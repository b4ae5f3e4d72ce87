import { createHash } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { type Digest, digestJson } from '../domain/digest.ts'
import { Fault } from '../domain/errors.ts'

/** The platform's own copies of model files, each folder named by the digest of what it holds. */
export interface ModelStore {
  /** Copies a folder, or finds that it is there already. Fault `artifact_missing` where the folder is none, or empty. */
  keep(folder: string): Promise<Digest>
  /** The folder of a digest that `keep` gave. */
  folderOf(digest: Digest): string
  drop(digest: Digest): Promise<void>
}

/** The digest is over the sorted relative paths of a folder's files and the digest of each one's bytes. */
export const createModelStore = (root: string): ModelStore => {
  const folderOf = (digest: Digest): string => join(root, digest.replace(':', '-'))
  return {
    folderOf,
    keep: async (folder) => {
      const files = await listFiles(folder)
      await mkdir(root, { recursive: true })
      const copy = await mkdtemp(join(root, 'copying-'))
      try {
        const digests: Record<string, string> = {}
        for (const file of files) {
          const target = join(copy, file)
          await mkdir(dirname(target), { recursive: true })
          await copyFile(join(folder, file), target)
          // The copy is what counts: the source may change between being read and being copied.
          digests[file.split(sep).join('/')] = await flushedDigest(target)
        }
        const digest = digestJson(digests)
        await rename(copy, folderOf(digest)).catch(async (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
        })
        return digest
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        throw new Fault('disk_full', `The disk is full: the model in ${folder} could not be copied`, {
          remedy: 'Free some space and upload it again.',
          cause: error,
        })
      } finally {
        await rm(copy, { recursive: true, force: true })
      }
    },
    drop: (digest) => rm(folderOf(digest), { recursive: true, force: true }),
  }
}

const listFiles = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files: string[] = []
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if ((await stat(path)).isFile()) files.push(relative(folder, path))
  }
  if (files.length > 0) return files.sort()
  throw new Fault('artifact_missing', `There is no model in ${folder}: it is no folder, or it holds no files`, {
    remedy: 'Give the folder that holds the model’s files as artifactUri.',
  })
}

const flushedDigest = async (file: string): Promise<string> => {
  const handle = await open(file, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
}
