import { expect, it } from 'vitest'
import { createBigQuery } from '../../src/adapters/sources/bigquery.ts'
import { json, standIn } from './stand-in.ts'

const never = new AbortController().signal
const quick = { timeout: 5_000, attempts: 2, firstPause: 1 }

const tables: Record<string, object> = {
  events_20261126: { type: 'TABLE', lastModifiedTime: '1795745272509', numRows: '1200', numBytes: '48000' },
  events_20261127: { type: 'TABLE', lastModifiedTime: '1795745299000', numRows: '3', numBytes: '120' },
  events_all: { type: 'VIEW', lastModifiedTime: '1795745272509' },
  other: { type: 'TABLE', lastModifiedTime: '1', numRows: '0', numBytes: '0' },
}

/** The two methods of BigQuery's REST API that are asked, over one dataset. */
const bigquery = () =>
  standIn((_request, response, url) => {
    const prefix = '/bigquery/v2/projects/acme/datasets/beans/tables'
    const missing = { error: { code: 404, message: `Not found: ${url.pathname}` } }
    if (url.pathname === prefix) {
      const names = Object.keys(tables)
      const at = Number(url.searchParams.get('pageToken') ?? 0)
      const page = names.slice(at, at + 2).map((tableId) => ({ tableReference: { tableId } }))
      return json(
        response,
        200,
        at + 2 < names.length ? { tables: page, nextPageToken: `${at + 2}` } : { tables: page },
      )
    }
    const found = url.pathname.startsWith(`${prefix}/`) ? tables[url.pathname.slice(prefix.length + 1)] : undefined
    json(response, found === undefined ? 404 : 200, found ?? missing)
  })

it('tells of a table by when it was last modified, with its rows and bytes', async () => {
  await using server = await bigquery()
  const source = createBigQuery({ endpoint: server.url, patience: quick })
  const table = { uri: 'bq://acme.beans.events_20261126', generation: '1795745272509', rows: 1_200, size: 48_000 }
  expect(await source.list('bq://acme.beans.events_20261126', never)).toEqual([table])
  expect(await source.find('bq://acme.beans.events_20261126', never)).toEqual(table)
  expect(await source.find('bq://acme.beans.gone', never)).toBeUndefined()
  expect(await source.list('bq://acme.beans.gone', never)).toEqual([])
})

it('finds the tables that a pattern means, and no views', async () => {
  await using server = await bigquery()
  const source = createBigQuery({ endpoint: server.url, patience: quick })
  expect((await source.list('bq://acme.beans.events_*', never)).map(({ uri }) => uri)).toEqual([
    'bq://acme.beans.events_20261126',
    'bq://acme.beans.events_20261127',
  ])
})

it.each([
  ['bq://acme.nothing.events_*', 'source_refused', 'there is no dataset acme.nothing'],
  ['bq://acme.beans', 'declaration_invalid', 'it is not bq://project.dataset.table'],
  ['bq://acme.beans.a[', 'declaration_invalid', 'after ['],
])('%s is %s', async (uri, code, words) => {
  await using server = await bigquery()
  const source = createBigQuery({ endpoint: server.url, patience: quick })
  await expect(source.list(uri, never)).rejects.toMatchObject({ code, message: expect.stringContaining(words) })
})
