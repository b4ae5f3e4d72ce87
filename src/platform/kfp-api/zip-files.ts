import { promisify } from 'node:util'
import { inflateRaw } from 'node:zlib'

export interface PackedFile {
  readonly name: string
  /** Rejects where it is damaged, or larger than `limit` bytes. */
  read(limit: number): Promise<Buffer>
}

const endSignature = 0x06054b50
const entrySignature = 0x02014b50
const endSize = 22
const stored = 0
const deflated = 8

const inflate = promisify(inflateRaw)

export const isZip = (bytes: Buffer): boolean => bytes.subarray(0, 4).equals(Buffer.from('PK\x03\x04', 'latin1'))

/** The files of a ZIP archive, by its central directory. Throws an Error where that cannot be read. */
export const zipFiles = (bytes: Buffer): readonly PackedFile[] => {
  const end = endOf(bytes)
  const count = bytes.readUInt16LE(end + 10)
  const files: PackedFile[] = []
  let at = bytes.readUInt32LE(end + 16)
  for (let i = 0; i < count; i++) {
    if (bytes.readUInt32LE(at) !== entrySignature) throw new Error('its list of files is damaged')
    const [nameLength, extraLength, noteLength] = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field)) as [
      number,
      number,
      number,
    ]
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength)
    const entry = at
    if (!name.endsWith('/')) files.push({ name, read: (limit) => readEntry(bytes, entry, limit) })
    at += 46 + nameLength + extraLength + noteLength
  }
  return files
}

/** A note of up to 65535 bytes may follow the end record. */
const endOf = (bytes: Buffer): number => {
  for (let at = bytes.length - endSize; at >= Math.max(0, bytes.length - endSize - 0xffff); at--)
    if (bytes.readUInt32LE(at) === endSignature) return at
  throw new Error('its end is missing')
}

const readEntry = async (bytes: Buffer, entry: number, limit: number): Promise<Buffer> => {
  const method = bytes.readUInt16LE(entry + 10)
  if ((bytes.readUInt16LE(entry + 8) & 1) === 1) throw new Error('it is encrypted')
  const local = bytes.readUInt32LE(entry + 42)
  const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
  const packed = bytes.subarray(from, from + bytes.readUInt32LE(entry + 20))
  if (method === deflated) return inflate(packed, { maxOutputLength: limit })
  if (method === stored && packed.length <= limit) return packed
  throw new Error(method === stored ? 'it is too large' : `it is packed by method ${method}, not deflated`)
}
