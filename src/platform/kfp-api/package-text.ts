import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Fault, isFault, messageOf } from '../../domain/errors.ts'
import { isTar, tarFiles } from './tar-files.ts'
import { isZip, type PackedFile, zipFiles } from './zip-files.ts'

/** Of an unpacked package: a small archive can hold a very large file. */
const maxBytes = 64 * 1024 * 1024

const remedy = 'Give a .yaml, .zip or .tar.gz file that holds one compiled pipeline.'

const chosenOf = (files: readonly PackedFile[], archive: string): PackedFile => {
  const candidates = files.filter(({ name }) => /\.(ya?ml|json)$/.test(name))
  const [first] = candidates
  const chosen =
    candidates.find(({ name }) => name === 'pipeline.yaml') ?? (candidates.length === 1 ? first : undefined)
  if (chosen) return chosen
  const why = first === undefined ? 'it holds no .yaml file' : 'it holds several .yaml files and no pipeline.yaml'
  throw new Fault('pipeline_invalid', `${archive}: ${why}`, { remedy })
}

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** The compiled pipeline in an uploaded file, packed or not, and what to call it in messages. Fault `pipeline_invalid`. */
export const packageText = async (bytes: Buffer, file: string): Promise<{ text: string; file: string }> => {
  try {
    const unpacked = isGzip(bytes) ? await promisify(gunzip)(bytes, { maxOutputLength: maxBytes }) : bytes
    const files = isZip(unpacked) ? zipFiles(unpacked) : isTar(unpacked) ? tarFiles(unpacked) : undefined
    if (files === undefined) return { text: unpacked.toString('utf8'), file }
    const chosen = chosenOf(files, file)
    return { text: (await chosen.read(maxBytes)).toString('utf8'), file: chosen.name }
  } catch (error) {
    if (isFault(error)) throw error
    throw new Fault('pipeline_invalid', `${file} cannot be unpacked: ${messageOf(error)}`, { remedy, cause: error })
  }
}
