import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Addresses, createAddresses } from './addresses.ts'

let root: string
let addresses: Addresses
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'winnow-addresses-'))
  for (const name of ['b.csv', 'a.csv', 'a.json']) await writeFile(join(root, name), '')
  const map = {
    'gs://farm/': '.',
    'gs://farm/silo/': 'deep/silo',
    'gs://farm/one.csv': join(root, 'b.csv'),
    'bq://farm.silo.rows': pathToFileURL(join(root, 'a.csv')).href,
  }
  addresses = createAddresses({ map, root })
})
afterAll(() => rm(root, { recursive: true }))

describe('createAddresses', () => {
  it.each([
    ['an absolute path', '/a/b/../c', () => '/a/c'],
    ['a file: URI', 'file:///a/b%20c', () => '/a/b c'],
    ['an exact address, before any prefix', 'gs://farm/one.csv', () => join(root, 'b.csv')],
    ['a table', 'bq://farm.silo.rows', () => join(root, 'a.csv')],
    ['a prefix', 'gs://farm/x/y.csv', () => join(root, 'x/y.csv')],
    ['the longest prefix', 'gs://farm/silo/y.csv', () => join(root, 'deep/silo/y.csv')],
    ['a prefix without its slash', 'gs://farm', () => root],
  ])('resolves %s', (_, uri, path) => {
    expect(addresses.resolve(uri)).toBe(path().replace(/\/$/, ''))
  })

  it.each([
    'gs://barn/x',
    'gs://farmer/x',
    'bq://farm.silo.rows2',
    'a/relative/path',
    'gs://farm/../../etc/passwd',
    '',
  ])('refuses %j by name', (uri) => {
    expect(() => addresses.resolve(uri)).toThrow(
      expect.objectContaining({ code: 'address_unmapped', message: expect.stringContaining(JSON.stringify(uri)) }),
    )
  })

  it('lists what a pattern matches, sorted', async () => {
    expect(await addresses.files('gs://farm/*.csv')).toEqual([join(root, 'a.csv'), join(root, 'b.csv')])
    expect(await addresses.files('gs://farm/one.csv')).toEqual([join(root, 'b.csv')])
    await expect(addresses.files('gs://farm/*.tsv')).rejects.toMatchObject({ code: 'artifact_missing' })
    await expect(addresses.files('gs://farm/none')).rejects.toMatchObject({ code: 'artifact_missing' })
  })
})
