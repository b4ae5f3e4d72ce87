import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pageOf } from './paging.ts'

const keys = ['id', 'display_name', 'created_at', 'size']
const rows = [
  { id: 'a', display_name: 'wheat', created_at: '2026-03-01T00:00:00.000Z', size: 3 },
  { id: 'b', display_name: 'rye', created_at: '2026-03-02T00:00:00.000Z', size: 1 },
  { id: 'c', display_name: 'wheat beer', created_at: '2026-03-03T00:00:00.000Z', size: 2 },
]
const ask = (query: Record<string, string>) => pageOf(rows, new URLSearchParams(query), keys)
const filtered = (...predicates: object[]) =>
  ask({ filter: JSON.stringify({ predicates }) })
    .items.map(({ id }) => id)
    .join('')

describe('a page', () => {
  it.each([
    [{ operation: 'EQUALS', key: 'display_name', stringValue: 'rye' }, 'b'],
    [{ operation: 1, key: 'display_name', string_value: 'rye' }, 'b'],
    [{ op: 'NOT_EQUALS', key: 'display_name', stringValue: 'rye' }, 'ac'],
    [{ operation: 'IS_SUBSTRING', key: 'display_name', stringValue: 'wheat' }, 'ac'],
    [{ operation: 'IN', key: 'id', stringValues: { values: ['c', 'a'] } }, 'ac'],
    [{ operation: 'GREATER_THAN', key: 'size', intValue: 1 }, 'ac'],
    [{ operation: 'GREATER_THAN_EQUALS', key: 'size', longValue: '2' }, 'ac'],
    [{ operation: 'LESS_THAN', key: 'created_at', timestampValue: '2026-03-02T01:00:00+01:00' }, 'a'],
    [{ operation: 'LESS_THAN_EQUALS', key: 'created_at', timestamp_value: '2026-03-02T01:00:00+01:00' }, 'ab'],
  ])('holds what %j lets through', (predicate, expected) => expect(filtered(predicate)).toBe(expected))

  it('takes a filter that is encoded for a URL once more, and all predicates of it', () => {
    const predicates = [
      { operation: 'IS_SUBSTRING', key: 'display_name', stringValue: 'wheat' },
      { operation: 'EQUALS', key: 'id', stringValue: 'c' },
    ]
    expect(ask({ filter: encodeURIComponent(JSON.stringify({ predicates })) }).total).toBe(1)
    expect(filtered(...predicates)).toBe('c')
  })

  it.each([
    [{ filter: 'id = a' }, 'The filter is not JSON'],
    [{ filter: '%E0%A4%A' }, 'The filter is not JSON'],
    [{ filter: '{"predicates": {}}' }, 'has no list of predicates'],
    [{ filter: '{"predicates": [{"key": "colour"}]}' }, '"colour"'],
    [{ filter: '{"predicates": [{"key": "id", "operation": 4}]}' }, 'has the operation 4'],
    [{ filter: '{"predicates": [{"key": "id", "operation": "EQUALS"}]}' }, 'gives no value for id'],
    [{ filter: '{"predicates": [{"key": "created_at", "operation": 1, "timestampValue": "noon"}]}' }, '"noon"'],
    [{ sort_by: 'colour' }, 'sort_by "colour"'],
    [{ sort_by: 'id down' }, 'sort_by "id down"'],
    [{ page_size: '-1' }, 'page_size "-1"'],
    [{ page_size: 'all' }, 'page_size "all"'],
    [{ page_token: 'x' }, 'page_token "x"'],
  ])('is refused for %j', (query, message) => expect(() => ask(query)).toThrow(message))

  it('follows page after page through every row once, in order', () => {
    const row = fc.record({ id: fc.uuid(), size: fc.integer({ min: 0, max: 5 }) })
    fc.assert(
      fc.property(
        fc.uniqueArray(row, { selector: ({ id }) => id, maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        (many, size) => {
          const seen: { id: string; size: number }[] = []
          for (let token = ''; ; ) {
            const query = new URLSearchParams({ sort_by: 'size desc', page_size: String(size), page_token: token })
            const page = pageOf(many, query, keys)
            seen.push(...page.items)
            expect(page.total).toBe(many.length)
            token = page.nextPageToken
            if (token === '') break
          }
          expect(seen).toEqual([...many].sort((a, b) => b.size - a.size))
        },
      ),
    )
  })
})
