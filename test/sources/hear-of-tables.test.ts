import type { ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import { createBigQuery } from '../../src/adapters/sources/bigquery.ts'
import { createSourceByAddress } from '../../src/adapters/sources/by-address.ts'
import { dataChange } from '../../src/domain/data-change.ts'
import { silentLog } from '../../src/log.ts'
import { hearOfTables } from '../../src/workers/loops/hear-of-tables.ts'
import { createFakeSource } from '../fakes/fake-source.ts'
import { createFakeStore } from '../fakes/fake-store.ts'
import { json, standIn } from './stand-in.ts'

const uri = 'bq://acme.beans.events'
const modified = 1_795_745_272_509

/** What an audit log tells, what a poll finds, and what they come to, where the API answers so. */
const hear = async (
  answer: (response: ServerResponse) => unknown,
  told: { readonly uri?: string; readonly generation?: number; readonly event?: 'written' | 'deleted' } = {},
) => {
  await using server = await standIn((_request, response) => void answer(response))
  const { store } = createFakeStore()
  const reader = createBigQuery({ endpoint: server.url })
  const source = createSourceByAddress(createFakeSource().source, [{ addresses: ['bq://acme.beans'], reader }])
  const recordTold = hearOfTables({
    recordChange: store.recordChange,
    source: () => source,
    log: silentLog,
    patience: 200,
  })
  const news = (sender: string, generation: number, event: 'written' | 'deleted' = 'written') =>
    dataChange({
      repository: 'beans',
      pipeline: null,
      sender,
      object: { uri: told.uri ?? uri, generation: String(generation), size: 0 },
      event,
      at: 1_000,
    })
  const entry = news('pubsub', told.generation ?? modified + 1_700, told.event)
  const first = await recordTold(entry)
  const again = await recordTold(entry)
  await store.recordChange(news('poll', modified))
  return {
    first: first.change,
    again: again.duplicate,
    changes: (await store.list('change')).length,
    asked: server.asked.length,
  }
}
const table = (response: ServerResponse) =>
  json(response, 200, { type: 'TABLE', lastModifiedTime: String(modified), numRows: '12', numBytes: '480' })

it('an entry of the audit log, told twice, and a poll of one load are one change, with the rows that there are', async () => {
  const { first, again, changes } = await hear(table)
  expect(first.cause).toMatchObject({ uri, generation: String(modified), rows: 12, size: 480 })
  expect(first.sender).toBe('pubsub')
  expect({ again, changes }).toEqual({ again: true, changes: 1 })
})

it.each<[string, (response: ServerResponse) => unknown]>([
  ['may not be read', (response) => json(response, 403, { error: { message: 'no' } })],
  ['is not there any more', (response) => json(response, 404, {})],
  ['does not answer in time', () => {}],
  ['answers nonsense', (response) => response.writeHead(200).end('<html>')],
])('of a table that %s the entry is believed: nothing is lost', async (_, answer) => {
  const { first, again, changes } = await hear(answer)
  expect(first.cause).toMatchObject({ uri, generation: String(modified + 1_700) })
  expect({ again, changes }).toEqual({ again: true, changes: 2 })
})

it('what is shown of long before the entry is not what the entry tells of', async () => {
  const at = await hear(table, { generation: modified + 300_000 })
  expect(at.first.cause).toMatchObject({ generation: String(modified) })
  const past = await hear(table, { generation: modified + 300_001 })
  expect(past.first.cause).toMatchObject({ generation: String(modified + 300_001) })
})

it.each([
  ['a deletion', { event: 'deleted' as const }],
  ['a table of no source', { uri: 'bq://other.beans.events' }],
  ['an object of a bucket', { uri: 'gs://acme/events' }],
])('nothing is asked because of %s', async (_, told) => {
  expect((await hear(table, told)).asked).toBe(0)
})
