import type { PackedFile } from './zip-files.ts'

const block = 512

const textAt = (bytes: Buffer, from: number, length: number): string => {
  const text = bytes.toString('utf8', from, from + length)
  const end = text.indexOf('\0')
  return end < 0 ? text : text.slice(0, end)
}

export const isTar = (bytes: Buffer): boolean => bytes.length >= block && textAt(bytes, 257, 5) === 'ustar'

/** The plain files of an unpacked tar archive. Throws an Error where it is damaged. */
export const tarFiles = (bytes: Buffer): readonly PackedFile[] => {
  const files: PackedFile[] = []
  for (let at = 0; at + block <= bytes.length && bytes[at] !== 0; ) {
    const size = Number.parseInt(textAt(bytes, at + 124, 12).trim() || '0', 8)
    const from = at + block
    if (!Number.isInteger(size) || size < 0 || from + size > bytes.length) throw new Error('it ends too early')
    const kind = textAt(bytes, at + 156, 1)
    const folder = textAt(bytes, at + 345, 155)
    const name = textAt(bytes, at, 100)
    const content = bytes.subarray(from, from + size)
    if (kind === '0' || kind === '')
      files.push({ name: folder === '' ? name : `${folder}/${name}`, read: async () => content })
    at = from + Math.ceil(size / block) * block
  }
  return files
}
