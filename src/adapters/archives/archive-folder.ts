import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { ArchivedRow, ArchiveFolder } from '../../domain/archive.ts'
import type { DataObject } from '../../domain/batch.ts'
import { sumsOf } from '../../domain/batch-sums.ts'
import { digestBytes } from '../../domain/digest.ts'
import { Fault } from '../../domain/errors.ts'

const [pack, unpack] = [promisify(gzip), promisify(gunzip)]

const version = 1

/**
 * A folder of gzip'd JSON lines: a head, a line for each row, and a last line with the digest of all before it. A file
 * takes its name once it is on the disk; what a crash left half-done is called `.partial`, and nobody reads it.
 */
export const createArchiveFolder = (folder: string): ArchiveFolder => ({
  write: async (name, rows, at) => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const head = { winnow: 'archive', version, writtenAt: at }
    const text = [head, ...rows].map((line) => `${JSON.stringify(line)}\n`).join('')
    const digest = digestBytes(text)
    const records = rows.length
    const path = join(folder, name)
    const packed = await pack(`${text}${JSON.stringify({ records, digest })}\n`)
    const file = await open(`${path}.partial`, 'w', 0o600)
    try {
      await file.writeFile(packed)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(`${path}.partial`, path)
    await syncFolder(folder)
    return { name, digest, records }
  },
  read: async (name) => {
    const path = join(folder, name)
    const text = await readFile(path)
      .then(unpack)
      .then((bytes) => bytes.toString('utf8'))
      .catch((cause: unknown) => {
        throw damaged(path, `cannot be read: ${(cause as Error).message}`, cause)
      })
    const end = text.lastIndexOf('\n', text.length - 2) + 1
    const lines = text.slice(0, end)
    if (!text.endsWith(`${JSON.stringify({ records: lines.split('\n').length - 2, digest: digestBytes(lines) })}\n`))
      throw damaged(path, 'does not have the digest that its last line says')
    return lines
      .split('\n')
      .slice(1, -1)
      .map((line) => asToday(JSON.parse(line) as ArchivedRow))
  },
})

/** Until 0012-batch-objects a batch had its objects in its row. */
const asToday = (archived: ArchivedRow): ArchivedRow => {
  if (archived.kind !== 'batch' || archived.objects !== undefined) return archived
  const { objects, ...row } = archived.row as ArchivedRow<'batch'>['row'] & { readonly objects: readonly DataObject[] }
  return { ...archived, row: { ...row, sums: sumsOf(objects, row.counted) }, objects } as ArchivedRow
}

/** A file's name is on the disk once its folder is. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const damaged = (path: string, what: string, cause?: unknown): Fault =>
  new Fault('archive_damaged', `The archive ${path} ${what}`, {
    remedy: 'Bring the file back from a backup; the store knows its name and its digest.',
    cause,
  })
