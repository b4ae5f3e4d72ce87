import { expect, it } from 'vitest'
import type { DataSource } from '../../domain/ports/data.ts'
import { createSourceByAddress, createSourceReader } from './by-address.ts'

const never = new AbortController().signal
const named = (name: string): DataSource => ({
  list: async (uri) => [{ uri: `${name} ${uri}`, generation: '1', size: 1 }],
  find: async (uri) => ({ uri: `${name} ${uri}`, generation: '1', size: 1 }),
})
const source = createSourceByAddress(named('folders'), [
  { addresses: ['gs://acme/in/', 'bq://acme.beans'], reader: named('first') },
  { addresses: ['gs://acme/', 's3://store/'], reader: named('second') },
])

it.each([
  ['file:incoming/*.csv', 'folders'],
  ['gs://acme/in/*.csv', 'first'],
  ['gs://acme/**', 'second'],
  ['s3://store/a.csv', 'second'],
  ['bq://acme.beans.events_*', 'first'],
])('%s is listed by %s', async (uri, name) => {
  expect((await source.list(uri, never))[0]?.uri).toBe(`${name} ${uri}`)
  expect(source.reads?.(uri)).toBe(true)
})

it('finds an object whose name looks like a pattern', async () => {
  expect((await source.find('gs://acme/in/[draft]*.csv', never))?.uri).toBe('first gs://acme/in/[draft]*.csv')
})

it.each(['gs://other/*.csv', 's3://acme/in/*.csv', 'bq://acme.other.t', 'https://example.com/a.csv'])(
  '%s is refused',
  async (uri) => {
    await expect(source.list(uri, never)).rejects.toMatchObject({
      code: 'source_refused',
      message: expect.stringContaining(uri),
    })
    await expect(source.find(uri, never)).rejects.toMatchObject({ code: 'source_refused' })
    expect(source.reads?.(uri)).toBe(false)
  },
)

it('reads no address of another kind', async () => {
  const reader = createSourceReader({})
  for (const uri of ['ftp://a/b', 'constructor:', ''])
    await expect(reader.list(uri, never)).rejects.toMatchObject({ code: 'declaration_invalid' })
})
