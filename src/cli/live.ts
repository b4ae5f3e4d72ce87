import { stripVTControlCharacters } from 'node:util'

/** Lines that are drawn over themselves on a terminal; elsewhere each task's start and end is a line of its own. */
export interface Live {
  readonly draw: (lines: readonly string[]) => void
  /** Leaves the last lines standing. */
  readonly end: () => void
}

type Out = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>

export const createLive = (out: Out = process.stderr): Live => (out.isTTY ? drawOver(out) : printNews(out))

const drawOver = (out: Out): Live => {
  let drawn = 0
  return {
    draw: (lines) => {
      const width = out.columns || 80
      const text = lines.map((line) => `${cut(line, width)}\n`).join('')
      out.write(`${drawn === 0 ? '' : `\x1b[${drawn}A`}\x1b[0J${text}`)
      drawn = lines.length
    },
    end: () => {
      drawn = 0
    },
  }
}

/** A line that wraps would be two, and the next drawing would start too low. */
const cut = (line: string, width: number): string => {
  const words = stripVTControlCharacters(line)
  return words.length > width ? `${words.slice(0, width - 1)}…` : line
}

const branch = /^[\s│├└─]*/
/** Durations tick on: a line is news when its words are, not its numbers. */
const duration = /\s+[\d.]+ ?(ms|s|m|h)\b.*$/
const notBegun = '·'

const printNews = (out: Out): Live => {
  const seen = new Set<string>()
  return {
    draw: (lines) => {
      // Tasks of two runs may bear one name, and so may the rounds of a loop: the run and the count tell them apart.
      let run = ''
      const count = new Map<string, number>()
      for (const line of lines) {
        const words = stripVTControlCharacters(line).replace(branch, '')
        if (words.startsWith(notBegun)) continue
        run = /^run \S+/.exec(words)?.[0] ?? run
        const what = `${run}\n${words.replace(duration, '')}`
        const nth = (count.get(what) ?? 0) + 1
        count.set(what, nth)
        if (seen.has(`${what}\n${nth}`)) continue
        seen.add(`${what}\n${nth}`)
        out.write(`${words}\n`)
      }
    },
    end: () => {},
  }
}
