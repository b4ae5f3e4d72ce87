import { stripVTControlCharacters } from 'node:util'
import { newsOf } from './tree-news.ts'

/** Lines that are drawn over themselves on a terminal; elsewhere each task's start and end is a line of its own. */
export interface Live {
  readonly draw: (lines: readonly string[]) => void
  /** Leaves the last lines standing. */
  readonly end: () => void
}

type Out = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'> & Partial<Pick<NodeJS.WriteStream, 'rows'>>

export const createLive = (out: Out = process.stderr): Live => (out.isTTY ? drawOver(out) : printNews(out))

const drawOver = (out: Out): Live => {
  let drawn = 0
  let last: readonly string[] = []
  return {
    draw: (lines) => {
      const width = out.columns || 80
      // What has left the screen at its top cannot be drawn over.
      const shown = lines.slice(-Math.max(1, (out.rows || Number.POSITIVE_INFINITY) - 1))
      const text = shown.map((line) => `${cut(line, width)}\n`).join('')
      out.write(`${drawn === 0 ? '' : `\x1b[${drawn}A`}\x1b[0J${text}`)
      drawn = shown.length
      last = lines
    },
    end: () => {
      const width = out.columns || 80
      // The whole of it, where a part was above the screen.
      if (last.length > drawn) out.write(`\x1b[${drawn}A\x1b[0J${last.map((line) => `${cut(line, width)}\n`).join('')}`)
      drawn = 0
    },
  }
}

/** A line that wraps would be two, and the next drawing would start too low. */
const cut = (line: string, width: number): string => {
  const words = stripVTControlCharacters(line)
  return words.length > width ? `${words.slice(0, width - 1)}…` : line
}

const printNews = (out: Out): Live => {
  const news = newsOf()
  return {
    draw: (lines) => {
      for (const line of news(lines.map((text) => stripVTControlCharacters(text)))) out.write(`${line}\n`)
    },
    end: () => {},
  }
}
