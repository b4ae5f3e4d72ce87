import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import type { Message } from '../services.ts'
import { statusError } from '../status.ts'
import { readMasked } from './field-mask.ts'
import { camel, millisecondsOf, parseFilter } from './filter.ts'

const defaultPageSize = 100
const largestPage = 1_000

const commonFields = ['name', 'displayName', 'labels', 'createTime', 'updateTime']

/** What a list request may say: `{filter, orderBy, pageSize, pageToken, readMask}`. */
export interface Page {
  readonly items: readonly JsonObject[]
  /** '' on the last page. */
  readonly nextPageToken: string
}

/**
 * One page of `resources`, filtered, ordered (newest first unless `orderBy` says otherwise) and masked.
 * `fields` can be filtered and ordered by, besides the common ones. A bad filter, order or token is INVALID_ARGUMENT.
 */
export const pageOf = (resources: readonly JsonObject[], request: Message, fields: readonly string[] = []): Page => {
  const known = new Set([...commonFields, ...fields])
  const keep = parseFilter(textOf(request.filter), known)
  const found = [...resources].reverse().filter(keep)
  found.sort(orderOf(textOf(request.orderBy), known))
  const size = Math.min(Number(request.pageSize ?? 0) || defaultPageSize, largestPage)
  if (size < 0) throw statusError('INVALID_ARGUMENT', 'page_size is negative')
  const from = startOf(textOf(request.pageToken), found)
  const items = found.slice(from, from + size)
  const last = items.at(-1)
  return {
    items: items.map((item) => readMasked(item, request.readMask)),
    nextPageToken: last && from + size < found.length ? tokenOf(last, from + size) : '',
  }
}

/** The token names the last item that was given, so that a page neither repeats nor jumps over what stays. */
const tokenOf = (last: JsonObject, next: number): string =>
  Buffer.from(JSON.stringify([keyOf(last), next])).toString('base64url')

const startOf = (token: string, found: readonly JsonObject[]): number => {
  if (token === '') return 0
  try {
    const [key, next] = JSON.parse(Buffer.from(token, 'base64url').toString()) as [string, number]
    const at = found.findIndex((item) => keyOf(item) === key)
    if (at >= 0) return at + 1
    if (Number.isInteger(next) && next >= 0) return next
  } catch {}
  throw statusError('INVALID_ARGUMENT', `The page token ${JSON.stringify(token)} is not one that this platform gave`)
}

/** Versions of a model share their name. */
const keyOf = (item: JsonObject): string => `${String(item.name)}@${String(item.versionId ?? '')}`

const orderOf = (orderBy: string, known: ReadonlySet<string>) => {
  const terms = orderBy
    .split(',')
    .map((term) => term.trim())
    .filter((term) => term !== '')
    .map((term) => {
      const [field = '', direction = 'asc', ...more] = term.split(/\s+/)
      const name = camel(field)
      if (!known.has(name) || !['asc', 'desc'].includes(direction) || more.length > 0)
        throw statusError('INVALID_ARGUMENT', `order_by ${JSON.stringify(term)} is not understood here`)
      return { name, sign: direction === 'desc' ? -1 : 1 }
    })
  return (a: JsonObject, b: JsonObject): number => {
    for (const { name, sign } of terms) {
      const [left, right] = [rank(a[name]), rank(b[name])]
      if (left !== right) return (left < right ? -1 : 1) * sign
    }
    return 0
  }
}

const rank = (value: Json | undefined): string | number =>
  isJsonObject(value) ? millisecondsOf(value) : typeof value === 'number' ? value : String(value ?? '')

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
