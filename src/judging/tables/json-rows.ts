import { didYouMean } from '../../declarations/describe-issue.ts'
import { isJsonObject } from '../../domain/json.ts'
import { shown, type TableFaults } from './table-faults.ts'
import type { Cell, RowSink } from './table-row.ts'

const longestLine = 1_000_000

/** Takes the text of a file of JSON objects, one a line, in pieces. The first one's members are the columns of all. */
export const createJsonRows = (sink: RowSink, faults: TableFaults) => {
  let rest = ''
  let line = 0
  let header: readonly string[] | null = null

  const row = (text: string): void => {
    line += 1
    if (text.trim() === '') return
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (error) {
      const hint = /\bNaN\b|\bInfinity\b/.test(text) ? 'JSON has no NaN' : (error as Error).message
      faults.add(line, null, `expected a JSON object: ${hint}`)
      return
    }
    if (!isJsonObject(value)) {
      faults.add(line, null, `expected a JSON object, got ${shown(value)}`)
      return
    }
    if (header === null) {
      header = Object.keys(value)
      sink.header(header)
    }
    const names = header
    const cells = names.map((name) => cellOf(name, Object.hasOwn(value, name) ? value[name] : undefined))
    for (const name of Object.keys(value).length === names.length ? [] : Object.keys(value))
      if (!names.includes(name))
        faults.add(line, name, `expected the columns that the first line has${didYouMean(name, names)}`)
    if (!cells.includes(undefined)) sink.row(cells as readonly Cell[], line)
  }

  const cellOf = (name: string, value: unknown): Cell | undefined => {
    if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return value
    faults.add(
      line,
      name,
      value === undefined ? 'missing, the first line has it' : `expected one value, got ${shown(value)}`,
    )
    return undefined
  }

  const take = (text: string): void => {
    let at = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
      row(text.slice(at, end))
      at = end + 1
    }
    rest = text.slice(at)
    if (rest.length > longestLine) {
      faults.add(line + 1, null, `expected one JSON object a line, got a line of more than ${longestLine} characters`)
      faults.check()
    }
  }

  return {
    push: (text: string): void => take(rest + text),
    end: (): void => {
      if (rest !== '') row(rest)
    },
  }
}
