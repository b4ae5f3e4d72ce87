import { StringDecoder } from 'node:string_decoder'

/** A line longer than this is handed on in pieces, so that output without line ends stays bounded. */
const longestLine = 64 * 1024

export interface OutputTail {
  push(chunk: Buffer): void
  end(): void
  text(): string
}

/** Keeps the last `maxBytes` of a stream as text, and hands each line on as it is complete. */
export const createOutputTail = (maxBytes: number, onLine?: (line: string) => void): OutputTail => {
  const chunks: Buffer[] = []
  let size = 0
  const decoder = new StringDecoder('utf8')
  let open = ''

  const lines = (text: string): void => {
    if (onLine === undefined) return
    const parts = (open + text).split('\n')
    open = parts.pop() ?? ''
    for (const line of parts) onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
    for (; open.length > longestLine; open = open.slice(longestLine)) onLine(open.slice(0, longestLine))
  }

  return {
    push(chunk) {
      chunks.push(chunk)
      size += chunk.length
      while (chunks.length > 1 && size - (chunks[0] as Buffer).length >= maxBytes)
        size -= (chunks.shift() as Buffer).length
      lines(decoder.write(chunk))
    },
    end() {
      lines(decoder.end())
      if (open !== '') onLine?.(open)
      open = ''
    },
    text() {
      const all = Buffer.concat(chunks)
      if (all.length <= maxBytes) return all.toString('utf8')
      // A cut inside a character would show as a broken one: begin at the next whole character.
      let start = all.length - maxBytes
      while (start < all.length && ((all[start] as number) & 0xc0) === 0x80) start += 1
      return all.subarray(start).toString('utf8')
    },
  }
}
