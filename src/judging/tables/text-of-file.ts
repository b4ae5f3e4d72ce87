import { createReadStream } from 'node:fs'
import type { TableFaults } from './table-faults.ts'

/** The text of a file in UTF-8, in pieces, without its byte order mark. Another encoding is a fault at its line. */
export async function* textOfFile(path: string, faults: TableFaults, signal?: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  let first = true
  const refuse = (message: string): void => {
    faults.add(line, null, message)
    faults.check()
  }
  const stream = createReadStream(path, { highWaterMark: 256 * 1024, ...(signal ? { signal } : {}) })
  for await (const bytes of stream as AsyncIterable<Buffer>) {
    if (first) for (const message of notText(bytes)) refuse(message)
    first = false
    let text = ''
    try {
      text = decoder.decode(bytes, { stream: true })
    } catch {
      // The text up to the first byte that is none tells the line.
      const readable = new TextDecoder().decode(bytes).split('\uFFFD', 1)[0] ?? ''
      line += newlines(readable)
      refuse(`expected UTF-8, got other bytes after ${JSON.stringify(readable.slice(-20))}`)
    }
    yield text
    line += newlines(text)
  }
  try {
    decoder.decode()
  } catch {
    refuse('expected UTF-8, got a character that does not end')
  }
}

const newlines = (text: string): number => {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

/** What other programs call a text file, and what is none. */
const notText = (bytes: Buffer): readonly string[] => {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    return ['expected UTF-8, got UTF-16: write the table with encoding utf-8']
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return ['expected text, got gzip: unpack it first']
  if (bytes.subarray(0, 4).toString('latin1') === 'PAR1') return ['expected text, got Parquet: name the file *.parquet']
  return bytes.subarray(0, 1_024).includes(0) ? ['expected text in UTF-8, got binary data'] : []
}
