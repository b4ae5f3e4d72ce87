import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isAddressOf, isWithinAddress, siblingAddress } from './data-address.ts'
import { dataKey } from './data-key.ts'
import { type DataTrigger, matchDataTrigger, watchedAddresses } from './data-trigger.ts'
import { formatFault } from './placed-fault.ts'
import { parseWinnowYaml } from './winnow-yaml.ts'

const faultsOf = (data: string): readonly string[] => {
  const parsed = parseWinnowYaml(`version: 1\npipelines:\n  beans:\n    ir: a.yaml\n    on: {data: ${data}}\n`, 'w')
  return parsed.ok ? [] : parsed.faults.map(formatFault)
}

const triggerOf = (data: string): DataTrigger => {
  const parsed = parseWinnowYaml(`version: 1\npipelines:\n  beans:\n    ir: a.yaml\n    on: {data: ${data}}\n`, 'w')
  if (!parsed.ok) throw new Error(parsed.faults.map(formatFault).join('\n'))
  return parsed.value.pipelines[0]?.on.data as DataTrigger
}

describe('a data trigger', () => {
  it('has all its keys read', () => {
    const all = `{uri: "gs://acme-beans/incoming/**/*.csv", quiet: 5m, maxWait: 1h, minimum: {objects: 10, bytes: 10MB, rows: 1000},
      marker: _SUCCESS, key: 'incoming/(\\d{4}-\\d{2}-\\d{2})/', overlap: cancel, into: files, manifest: manifest}`
    expect(triggerOf(all)).toEqual({
      uri: 'gs://acme-beans/incoming/**/*.csv',
      quiet: 300_000,
      maxWait: 3_600_000,
      minimum: { objects: 10, bytes: 10_000_000, rows: 1_000 },
      marker: '_SUCCESS',
      key: 'incoming/(\\d{4}-\\d{2}-\\d{2})/',
      overlap: 'cancel',
      into: 'files',
      manifest: 'manifest',
    })
  })

  it.each([
    [
      '{uri: "file:in/*.csv"}',
      '5:16: pipelines.beans.on.data: expected into or manifest: which parameter gets the data?',
    ],
    [
      '{uri: "file:in/*.csv", into: x, manifest: x}',
      '5:58: pipelines.beans.on.data.manifest: x gets the list of into already',
    ],
    [
      '{uri: "ftp://b/*.csv", into: x}',
      '5:22: pipelines.beans.on.data.uri: expected an address that begins with file:, gs://, s3:// or bq://, got "ftp://b/*.csv"',
    ],
    [
      '{uri: "gs:b/*.csv", into: x}',
      '5:22: pipelines.beans.on.data.uri: expected gs://bucket/path, such as gs://bucket/incoming/**/*.csv',
    ],
    [
      '{uri: "gs://ac*me/x.csv", into: x}',
      '5:22: pipelines.beans.on.data.uri: expected the name of a bucket (patterns only after it), got "ac*me"',
    ],
    [
      '{uri: "s3://acme/incoming/", into: x}',
      '5:22: pipelines.beans.on.data.uri: expected the objects too: end it with /**, for example',
    ],
    [
      '{uri: "s3://acme/in/[a", into: x}',
      '5:22: pipelines.beans.on.data.uri: expected a pattern, after [ come characters or ranges, and a ]',
    ],
    [
      '{uri: "bq://acme.beans", into: x}',
      '5:22: pipelines.beans.on.data.uri: expected bq://project.dataset.table (patterns only in the name of the table, such as events_*)',
    ],
    [
      '{uri: "bq://acme.be*.t", into: x}',
      '5:22: pipelines.beans.on.data.uri: expected bq://project.dataset.table (patterns only in the name of the table, such as events_*)',
    ],
    [
      '{uri: "bq://acme.beans.t", into: x, marker: done}',
      '5:52: pipelines.beans.on.data.marker: belongs to files: nothing is written beside a table',
    ],
    [
      '{uri: "bq://acme.beans.t", into: x, minimum: {bytes: 1MB}}',
      '5:62: pipelines.beans.on.data.minimum.bytes: belongs to files: ask for rows of a table',
    ],
    [
      '{uri: "file:in/*.csv", into: x, minimum: {rows: 3}}',
      '5:58: pipelines.beans.on.data.minimum.rows: belongs to sources that count rows, such as bq:; a folder does not',
    ],
    [
      '{uri: "file:in/*.csv", into: x, minimum: {}}',
      '5:57: pipelines.beans.on.data.minimum: expected objects, bytes or rows',
    ],
    [
      '{uri: "file:in/*.csv", into: x, minimum: {bytes: much}}',
      '5:65: pipelines.beans.on.data.minimum.bytes: expected an amount such as 500kB, 10MB or 2GiB, got "much"',
    ],
    [
      '{uri: "file:in/*.csv", into: x, minimum: {objects: 0}}',
      '5:67: pipelines.beans.on.data.minimum.objects: expected at least 1, got 0',
    ],
    [
      '{uri: "file:in/*.csv", into: x, marker: a/_SUCCESS}',
      '5:56: pipelines.beans.on.data.marker: expected the name of an object, without its folder, got "a/_SUCCESS"',
    ],
    [
      '{uri: "file:in/[a", into: x}',
      '5:22: pipelines.beans.on.data.uri: expected a pattern, after [ come characters or ranges, and a ]',
    ],
    [
      '{uri: "file:in/*.csv", into: x, key: "(\\\\d{4"}',
      '5:53: pipelines.beans.on.data.key: expected a regular expression, got "(\\\\d{4": missing closing ): `(\\d{4`',
    ],
    [
      '{uri: "file:in/*.csv", into: x, key: "(?=a)"}',
      '5:53: pipelines.beans.on.data.key: expected a regular expression, got "(?=a)": invalid or unsupported Perl syntax: `(?=`',
    ],
    [
      '{uri: "file:in/*.csv", into: x, key: abc}',
      '5:53: pipelines.beans.on.data.key: expected a group, such as incoming/(\\d{4}-\\d{2}-\\d{2})/: what it finds is the key',
    ],
    [
      '{uri: "file:in/*.csv", into: x, overlap: queu}',
      '5:57: pipelines.beans.on.data.overlap: expected one of queue, replace, cancel, got "queu", did you mean queue?',
    ],
    [
      '{uri: "file:in/*.csv", into: x, markers: a}',
      '5:48: pipelines.beans.on.data.markers: unknown key, did you mean marker?',
    ],
  ])('%s is refused', (data, fault) => {
    expect(faultsOf(data)).toEqual([`w:${fault}`])
  })
})

describe('an address', () => {
  it.each([
    ['gs://acme/incoming/**/*.csv', 'gs://acme/incoming/a.csv', true],
    ['gs://acme/incoming/**/*.csv', 'gs://acme/incoming/x/y/a.csv', true],
    ['gs://acme/incoming/*.csv', 'gs://acme/incoming/x/a.csv', false],
    ['gs://acme/incoming/*.csv', 'gs://acme-2/incoming/a.csv', false],
    ['gs://acme/incoming/*.csv', 's3://acme/incoming/a.csv', false],
    ['gs://acme/**', 'gs://acme/x/y', true],
    ['gs://a.cme/*', 'gs://abcme/x', false],
    ['bq://acme.beans.events_*', 'bq://acme.beans.events_2026', true],
    ['bq://acme.beans.events_*', 'bq://acme.beans2.events_2026', false],
    ['bq://example.com:acme.beans.t', 'bq://example.com:acme.beans.t', true],
    ['file:incoming/*.csv', 'file:///srv/incoming/a.csv', false],
  ])('%s and %s: %s', (watched, uri, matches) => {
    expect(isAddressOf(watched, uri)).toBe(matches)
  })

  it.each([
    ['gs://acme/in/**', 'gs://acme/', true],
    ['gs://acme/in/**', 'gs://acme/in/', true],
    ['gs://acme/in*/**', 'gs://acme/in/', false],
    ['gs://acme/in/?x/**', 'gs://acme/in/', false],
    ['gs://acme/\\in/x', 'gs://acme/in/', false],
    ['gs://acme-other/in/**', 'gs://acme/', false],
    ['s3://acme/in/**', 'gs://acme/', false],
    ['bq://acme.beans.t', 'bq://acme.beans', true],
    ['bq://acme.beans.t*', 'bq://acme.beans.t', false],
    ['bq://acme.beans.t', 'bq://acme.beans.t', true],
    ['bq://acme.beans2.t', 'bq://acme.beans', false],
    ['file:///anywhere/*', 'gs://acme/', true],
  ])('%s within %s: %s', (watched, allowed, within) => {
    expect(isWithinAddress(watched, allowed)).toBe(within)
  })

  it('that is allowed holds every object that it matches', () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '?', '+', '[ab]', '\\a'), maxLength: 12 })
    const path = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 12 })
    fc.assert(
      fc.property(part, path, path, (pattern, object, prefix) => {
        const allowed = `gs://acme/${prefix === '' ? '' : `${prefix}/`}`
        const watched = `gs://acme/${pattern}`
        if (!isWithinAddress(watched, allowed) || !isAddressOf(watched, `gs://acme/${object}`)) return
        expect(`gs://acme/${object}`.startsWith(allowed)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['gs://acme/in/*.csv', 'gs://acme/in/_SUCCESS'],
    ['gs://acme/in/**/*.csv', 'gs://acme/in/**/_SUCCESS'],
    ['gs://acme/in/**', 'gs://acme/in/**/_SUCCESS'],
    ['file:in/*.csv', 'file:in/_SUCCESS'],
    ['file:*.csv', 'file:_SUCCESS'],
    ['bq://acme.beans.t', undefined],
  ])('beside %s is %s', (watched, marker) => {
    expect(siblingAddress(watched, '_SUCCESS')).toBe(marker)
  })
})

describe('a key', () => {
  it.each([
    ['in/(\\d{4}-\\d{2}-\\d{2})/', 'gs://acme/in/2026-11-27/a.csv', '2026-11-27'],
    ['in/(\\d{4})/(\\d{2})/', 'gs://acme/in/2026/11/a.csv', '2026/11'],
    ['in/(?<day>\\d+)(-[a-z]+)?/', 'gs://acme/in/5/a.csv', '5/'],
    ['in/(\\d+)/', 'gs://acme/in/x/a.csv', undefined],
    ['in/(x?)/', 'gs://acme/in//a.csv', undefined],
    ['(.*)', `gs://acme/${'a'.repeat(600)}`, undefined],
  ])('%s in %s is %s', (pattern, uri, key) => {
    expect(dataKey(pattern, uri)).toBe(key)
  })

  it('takes expressions that make backtracking ones hang', () => {
    expect(dataKey('^(?:gs://b/)((a+)+)+$', `gs://b/${'a'.repeat(400)}!`)).toBeUndefined()
    expect(dataKey('(a|a)*(b)$', 'a'.repeat(1_000))).toBeUndefined()
  })
})

describe('what an object is to a trigger', () => {
  const marked = triggerOf('{uri: "gs://acme/in/**/*.csv", marker: _SUCCESS, into: x}')
  const keyed = triggerOf(`{uri: "gs://acme/in/**", marker: "*.done", key: 'in/([0-9-]+)/', into: x}`)
  it.each([
    [marked, 'gs://acme/in/d1/a.csv', { kind: 'object', key: 'gs://acme/in/d1' }],
    [marked, 'gs://acme/in/d1/_SUCCESS', { kind: 'marker', key: 'gs://acme/in/d1' }],
    [marked, 'gs://acme/_SUCCESS', { kind: 'none', reason: null }],
    [marked, 'gs://acme/in/d1/a.txt', { kind: 'none', reason: null }],
    [keyed, 'gs://acme/in/2026-11-27/part/a', { kind: 'object', key: '2026-11-27' }],
    // Data by its pattern and the marker by its name: it is the marker.
    [keyed, 'gs://acme/in/2026-11-27/all.done', { kind: 'marker', key: '2026-11-27' }],
    [
      keyed,
      'gs://acme/in/today/a',
      { kind: 'none', reason: 'the key in/([0-9-]+)/ finds nothing in gs://acme/in/today/a' },
    ],
  ] as const)('%#: %s', (trigger, uri, match) => {
    expect(matchDataTrigger(trigger, uri, false)).toEqual(match)
  })

  it('that its own folder showed is known by its name', () => {
    const folder = triggerOf('{uri: "file:in/*", marker: "_S*", into: x}')
    expect(watchedAddresses(folder)).toEqual(['file:in/*', 'file:in/_S*'])
    expect(matchDataTrigger(folder, 'file:///srv/in/%5FSUCCESS', true)).toEqual({
      kind: 'marker',
      key: 'file:///srv/in',
    })
    expect(matchDataTrigger(folder, 'file:///srv/in/a', true)).toEqual({ kind: 'object', key: 'file:///srv/in' })
    expect(matchDataTrigger(folder, 'file:///srv/in/a', false)).toEqual({ kind: 'none', reason: null })
  })
})
