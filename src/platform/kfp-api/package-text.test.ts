import { deflateRawSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isFault } from '../../domain/errors.ts'
import { packageText } from './package-text.ts'

interface Packed {
  readonly name: string
  readonly content: Buffer
  readonly method?: number
  readonly flags?: number
}

/** A ZIP archive, as its format says, without check sums. */
const zip = (...files: readonly Packed[]): Buffer => {
  const parts: Buffer[] = []
  const list: Buffer[] = []
  let at = 0
  for (const { name, content, method = 8, flags = 0 } of files) {
    const data = method === 8 ? deflateRawSync(content) : content
    const local = Buffer.alloc(30)
    local.write('PK\x03\x04', 'latin1')
    local.writeUInt16LE(name.length, 26)
    const entry = Buffer.alloc(46)
    entry.write('PK\x01\x02', 'latin1')
    entry.writeUInt16LE(flags, 8)
    entry.writeUInt16LE(method, 10)
    entry.writeUInt32LE(data.length, 20)
    entry.writeUInt32LE(content.length, 24)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt32LE(at, 42)
    parts.push(local, Buffer.from(name), data)
    list.push(entry, Buffer.from(name))
    at += local.length + name.length + data.length
  }
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, ...list, end])
}

const tar = (...files: readonly Packed[]): Buffer =>
  Buffer.concat([
    ...files.flatMap(({ name, content }) => {
      const head = Buffer.alloc(512)
      head.write(name)
      head.write(content.length.toString(8).padStart(11, '0'), 124)
      head.write('0', 156)
      head.write('ustar', 257)
      return [head, content, Buffer.alloc((512 - (content.length % 512)) % 512)]
    }),
    Buffer.alloc(1_024),
  ])

const file = (name: string, text = `text of ${name}`, more: Partial<Packed> = {}): Packed => ({
  name,
  content: Buffer.from(text),
  ...more,
})
const refusal = (bytes: Buffer): Promise<string> =>
  packageText(bytes, 'given').then(
    () => 'taken',
    (error: unknown) => (isFault(error, 'pipeline_invalid') ? error.message : `no fault: ${String(error)}`),
  )

describe('a package', () => {
  it.each([
    ['text', Buffer.from('text of p.yaml'), 'given'],
    ['text, compressed', gzipSync('text of p.yaml'), 'given'],
    ['a ZIP', zip(file('readme.md'), file('p.yaml')), 'p.yaml'],
    ['a stored one', zip(file('p.yaml', undefined, { method: 0 })), 'p.yaml'],
    ['a tar', tar(file('p.yaml')), 'p.yaml'],
    ['a compressed tar', gzipSync(tar(file('readme.md'), file('p.yaml'))), 'p.yaml'],
  ])('may be %s', async (_, bytes, name) => {
    expect(await packageText(bytes, 'given')).toEqual({ text: 'text of p.yaml', file: name })
  })

  it('that holds several is read by the name pipeline.yaml', async () => {
    expect((await packageText(zip(file('a.yaml'), file('pipeline.yaml')), 'given')).file).toBe('pipeline.yaml')
  })

  it.each([
    [zip(file('readme.md')), 'given: it holds no .yaml file'],
    [tar(file('a.yaml'), file('b.yaml')), 'given: it holds several .yaml files and no pipeline.yaml'],
    [zip(file('p.yaml', 'x', { flags: 1 })), 'it is encrypted'],
    [zip(file('p.yaml', 'x', { method: 12 })), 'it is packed by method 12'],
    [zip({ name: 'p.yaml', content: Buffer.alloc(64 * 1024 * 1024 + 1) }), 'given cannot be unpacked'],
    [gzipSync(Buffer.alloc(64 * 1024 * 1024 + 1)), 'given cannot be unpacked'],
    [tar(file('p.yaml')).subarray(0, 520), 'it ends too early'],
  ])('is refused where it cannot be read: case %#', async (bytes, message) => {
    expect(await refusal(bytes)).toContain(message)
  })

  it('that is damaged anywhere is read or refused, and never more than that', async () => {
    const whole = [zip(file('p.yaml'), file('q.md')), gzipSync(tar(file('p.yaml'))), tar(file('p.yaml'))]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...whole),
        fc.nat(),
        fc.nat(255),
        fc.boolean(),
        async (bytes, where, value, cut) => {
          const at = where % bytes.length
          const damaged = Buffer.from(cut ? bytes.subarray(0, at) : bytes)
          if (!cut) damaged[at] = value
          expect(await refusal(damaged)).not.toContain('no fault')
        },
      ),
      { numRuns: 400 },
    )
  })
})
