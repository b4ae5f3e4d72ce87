import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createGzip, gunzip } from 'node:zlib'
import type { Digest } from '../../domain/digest.ts'
import { Fault } from '../../domain/errors.ts'
import type { KeptPredictions } from '../../domain/verdict.ts'
import { decodePredictions, encodePredictions } from '../../policies/predictions/encode.ts'
import type { Predictions } from '../../policies/predictions/predictions.ts'

const fileOf = (folder: string, digest: Digest): string => join(folder, `${digest.replace(':', '-')}.gz`)

/** Keeps a model's answers in the folder under the digest of what they are; the same answers are kept once. */
export const keepPredictions = async (
  folder: string,
  predictions: Predictions,
): Promise<Pick<KeptPredictions, 'digest' | 'rows'>> => {
  const parts = encodePredictions(predictions)
  const digest = await digestOf(parts)
  const kept = { digest, rows: predictions.rows }
  if (await isKept(folder, digest)) return kept
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // Under another name first: a crash must not leave half of a file under a digest.
  const unfinished = join(folder, `.${randomUUID()}.part`)
  try {
    const file = await open(unfinished, 'wx', 0o600)
    await pipeline(Readable.from(pieces(parts)), createGzip({ level: 1 }), file.createWriteStream({ flush: true }))
    await rename(unfinished, fileOf(folder, digest))
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
  return kept
}

/** The file as it is kept, packed; undefined where the folder has none. */
export const readKept = async (folder: string, digest: Digest): Promise<Uint8Array | undefined> => {
  try {
    return await readFile(fileOf(folder, digest))
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

export const isKept = async (folder: string, digest: Digest): Promise<boolean> =>
  await stat(fileOf(folder, digest)).then(
    (file) => file.isFile(),
    () => false,
  )

/** What a kept file holds. A Fault `predictions_invalid` where that is not what its digest says. */
export const unpackKept = async (packed: Uint8Array, digest: Digest): Promise<Predictions> => {
  const bytes = await promisify(gunzip)(packed).catch(() => undefined)
  const predictions = bytes === undefined || (await digestOf([bytes])) !== digest ? undefined : decodePredictions(bytes)
  if (predictions === undefined)
    throw new Fault('predictions_invalid', `The predictions that are kept as ${digest} are not those any more`, {
      remedy: 'Nothing can be judged by them; bring the data folder back from a backup.',
    })
  return predictions
}

/** As unpackKept, from the folder; a Fault `predictions_invalid`, too, where they are not there any more. */
export const recallKept = async (folder: string, digest: Digest): Promise<Predictions> => {
  const packed = await readKept(folder, digest)
  if (packed === undefined)
    throw new Fault('predictions_invalid', `The predictions that were kept as ${digest} are not there any more`, {
      remedy: 'Judge again: they are sought anew.',
    })
  return await unpackKept(packed, digest)
}

/** Bytes that are worked on at once: some milliseconds' worth. */
const pieceSize = 4 * 1024 ** 2

function* pieces(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const part of parts) for (let at = 0; at < part.length; at += pieceSize) yield part.subarray(at, at + pieceSize)
}

/** As digestBytes of the parts together, without stopping the event loop. */
const digestOf = async (parts: readonly Uint8Array[]): Promise<Digest> => {
  const hash = createHash('sha256')
  for (const piece of pieces(parts)) {
    hash.update(piece)
    if (piece.length === pieceSize) await turn()
  }
  return `sha256:${hash.digest('hex')}`
}
