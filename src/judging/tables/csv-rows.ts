import type { TableFaults } from './table-faults.ts'
import type { RowSink } from './table-row.ts'

/** A row that is longer has a quote that nothing closes. */
const longestRow = 1_000_000

/** Takes the text of a CSV file (RFC 4180) in pieces and gives its rows to the sink; lines end with LF or CRLF. */
export const createCsvRows = (sink: RowSink, faults: TableFaults) => {
  let rest = ''
  let line = 1
  let width = 0

  const emit = (cells: readonly string[]): void => {
    if (width === 0) {
      if (cells.some((name) => /\r(?!\n)/.test(name.trim()))) {
        faults.add(line, null, 'lines end with CR alone: expected LF or CRLF')
        faults.check()
      }
      width = cells.length
      sink.header(cells.map((name) => name.trim()))
    } else if (cells.length === width) sink.row(cells, line)
    // An empty line is none, except where it may be a cell of the one column.
    else if (cells.length > 1 || cells[0] !== '')
      faults.add(line, null, `expected ${width} cells, as the header has, got ${cells.length}`)
  }

  const take = (text: string, isLast: boolean): void => {
    let at = 0
    for (;;) {
      const end = text.indexOf('\n', at)
      if (end < 0) break
      const row = text.slice(at, text.charCodeAt(end - 1) === 13 && end > at ? end - 1 : end)
      if (row.includes('"')) {
        const quoted = quotedRow(text, at)
        if (quoted === 'open') break
        if (typeof quoted === 'string') {
          faults.add(line, null, quoted)
          faults.check()
          return
        }
        emit(quoted.cells)
        line += quoted.lines
        at = quoted.next
      } else {
        emit(row.split(','))
        line += 1
        at = end + 1
      }
    }
    rest = text.slice(at)
    if (rest.length > longestRow || (isLast && rest !== '')) {
      faults.add(line, null, rest.includes('"') ? 'a quote is opened that nothing closes' : 'a row that does not end')
      faults.check()
    }
  }

  return {
    push: (text: string): void => take(rest + text, false),
    end: (): void => take(rest === '' || (rest.endsWith('\n') && !rest.includes('"')) ? rest : `${rest}\n`, true),
  }
}

type QuotedRow = { readonly cells: readonly string[]; readonly next: number; readonly lines: number }

/** One row that has quotes; `open` where it goes on in what has not been read yet; else what is wrong with it. */
const quotedRow = (text: string, start: number): QuotedRow | string => {
  const cells: string[] = []
  let at = start
  let lines = 1
  for (;;) {
    if (text.charCodeAt(at) === 34) {
      let cell = ''
      let from = at + 1
      for (;;) {
        const close = text.indexOf('"', from)
        if (close < 0 || close === text.length - 1) return 'open'
        cell += text.slice(from, close)
        if (text.charCodeAt(close + 1) !== 34) {
          at = close + 1
          break
        }
        cell += '"'
        from = close + 2
      }
      for (let i = cell.indexOf('\n'); i >= 0; i = cell.indexOf('\n', i + 1)) lines += 1
      cells.push(cell)
      if (text.charCodeAt(at) === 13) {
        if (at + 1 === text.length) return 'open'
        at += 1
      }
      const next = text[at]
      if (next === '\n') return { cells, next: at + 1, lines }
      if (next !== ',') return `expected a comma after the quote that closes a cell, got ${JSON.stringify(next)}`
    } else {
      const end = text.indexOf('\n', at)
      if (end < 0) return 'open'
      const comma = text.indexOf(',', at)
      const last = comma < 0 || comma > end
      const cell = text.slice(at, last ? (text.charCodeAt(end - 1) === 13 && end > at ? end - 1 : end) : comma)
      if (cell.includes('"')) return `expected quotes around the whole cell, got ${JSON.stringify(cell.slice(0, 60))}`
      cells.push(cell)
      if (last) return { cells, next: end + 1, lines }
      at = comma
    }
    at += 1
  }
}
