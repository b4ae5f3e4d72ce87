import { describe, expect, it } from 'vitest'
import { parseFilter } from './filter.ts'

const resource = {
  name: 'n1',
  displayName: 'Beans & "more"',
  state: 'RUNNING',
  labels: { team: 'growers', 'two-words': '' },
  versionAliases: ['default', 'live'],
  createTime: { seconds: '1767225600', nanos: 0 },
  big: 12,
}
const fields = new Set(Object.keys(resource))

describe('parseFilter', () => {
  it.each([
    ['', true],
    ['name=n1', true],
    ['name="n2"', false],
    ['name!="n2"', true],
    ['display_name="Beans & \\"more\\""', true],
    ['display_name="Beans*"', true],
    ['display_name="*beans*"', false],
    ['displayName:more', true],
    ['labels.team=growers', true],
    ['labels.team:*', true],
    ['labels.none:*', false],
    ['labels:two-words', true],
    ['labels.none="x"', false],
    ['version_aliases:live', true],
    ['versionAliases=dead', false],
    ['create_time>"2025-12-31T00:00:00Z"', true],
    ['create_time<"2025-12-31T00:00:00Z"', false],
    ['create_time>="2026-01-01T00:00:00Z"', true],
    ['big>9', true],
    ['big<=12', true],
    ['name=n2 OR state=RUNNING', true],
    ['name=n2 OR state=RUNNING AND big=1', false],
    ['(name=n2 OR state=RUNNING) AND NOT big=1', true],
    ['name=n1 state=RUNNING', true],
    ['name=n1 state=DONE', false],
  ])('%s → %s', (text, expected) => {
    expect(parseFilter(text, fields)(resource)).toBe(expected)
  })

  it.each(['name', 'name=', '=x', 'colour=red', '(name=n1', 'name=n1)', 'name==n1', 'NOT', 'name=n1 AND', '"name"=n1'])(
    'refuses %s',
    (text) => {
      expect(() => parseFilter(text, fields)).toThrow(expect.objectContaining({ code: 3 }))
    },
  )
})
