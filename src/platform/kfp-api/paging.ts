import { statusError } from '../status.ts'
import { parseFilter, type Row } from './filter.ts'

/** As Kubeflow's. */
const defaultPageSize = 20
const largestPage = 200

export interface Page<T> {
  readonly items: readonly T[]
  readonly total: number
  /** '' on the last page. */
  readonly nextPageToken: string
}

/**
 * One page of `rows` as a list call asks for it by `filter`, `sort_by`, `page_size` and `page_token`; oldest first
 * unless it says otherwise. The first of `keys` names a row for good. A bad request is INVALID_ARGUMENT.
 */
export const pageOf = <T extends Row>(rows: readonly T[], query: URLSearchParams, keys: readonly string[]): Page<T> => {
  const [id = ''] = keys
  const found = rows.filter(parseFilter(query.get('filter') ?? '', keys))
  found.sort(orderOf(query.get('sort_by') ?? '', keys))
  const size = sizeOf(query.get('page_size') ?? '')
  const from = startOf(query.get('page_token') ?? '', found, id)
  const items = found.slice(from, from + size)
  const last = items.at(-1)
  const more = last !== undefined && from + size < found.length
  return { items, total: found.length, nextPageToken: more ? tokenOf(String(last[id]), from + size) : '' }
}

const sizeOf = (text: string): number => {
  if (!/^\d*$/.test(text)) throw statusError('INVALID_ARGUMENT', `page_size ${JSON.stringify(text)} is no whole number`)
  return Math.min(Number(text) || defaultPageSize, largestPage)
}

/** The token names the last item that was given, so that a page neither repeats nor jumps over what stays. */
const tokenOf = (last: string, next: number): string => Buffer.from(JSON.stringify([last, next])).toString('base64url')

const startOf = (token: string, found: readonly Row[], id: string): number => {
  if (token === '') return 0
  try {
    const [last, next] = JSON.parse(Buffer.from(token, 'base64url').toString()) as [string, number]
    const at = found.findIndex((row) => row[id] === last)
    if (at >= 0) return at + 1
    if (Number.isInteger(next) && next >= 0) return next
  } catch {}
  throw statusError('INVALID_ARGUMENT', `page_token ${JSON.stringify(token)} is not one that this platform gave`)
}

const orderOf = (sortBy: string, keys: readonly string[]) => {
  const [key = 'created_at', direction = 'asc', ...more] = sortBy.trim() === '' ? [] : sortBy.trim().split(/\s+/)
  if (!keys.includes(key) || !['asc', 'desc'].includes(direction) || more.length > 0)
    throw statusError(
      'INVALID_ARGUMENT',
      `sort_by ${JSON.stringify(sortBy)} is not understood: write KEY or KEY desc, with one of ${keys.join(', ')}`,
    )
  const sign = direction === 'desc' ? -1 : 1
  return (a: Row, b: Row): number => {
    const [left, right] = [a[key] ?? '', b[key] ?? '']
    return left === right ? 0 : (left < right ? -1 : 1) * sign
  }
}
