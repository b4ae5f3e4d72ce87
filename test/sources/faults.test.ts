import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { freePort } from '../../scripts/servers.ts'
import { createBigQuery } from '../../src/adapters/sources/bigquery.ts'
import type { Patience } from '../../src/adapters/sources/calls.ts'
import { createCloudStorage } from '../../src/adapters/sources/cloud-storage.ts'
import { createS3 } from '../../src/adapters/sources/s3.ts'
import type { DataSource } from '../../src/domain/ports/data.ts'
import { json, standIn } from './stand-in.ts'

const never = new AbortController().signal
const impatient = { timeout: 150, attempts: 3, firstPause: 1 }

// What every source that is asked over HTTP does when it is not answered, whoever made it.
const sources: readonly [
  string,
  string,
  (endpoint: string, patience: Patience) => DataSource,
  (r: ServerResponse) => void,
][] = [
  [
    'Cloud Storage',
    'gs://acme-beans/in/*.csv',
    (endpoint, patience) => createCloudStorage({ endpoint, patience }),
    (response) =>
      json(response, 403, { error: { code: 403, message: 'winnow does not have storage.objects.list access' } }),
  ],
  [
    'BigQuery',
    'bq://acme.beans.events_*',
    (endpoint, patience) => createBigQuery({ endpoint, patience }),
    (response) =>
      json(response, 403, { error: { code: 403, message: 'winnow does not have bigquery.tables.list access' } }),
  ],
  [
    'S3',
    's3://acme-beans/in/*.csv',
    (endpoint, patience) => createS3({ endpoint, patience, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } }),
    (response) =>
      response
        .writeHead(403)
        .end('<Error><Code>AccessDenied</Code><Message>winnow does not have s3:ListBucket access</Message></Error>'),
  ],
]

describe.each(sources)('%s', (_name, uri, create, forbid) => {
  it('refuses without permission, at once, with the address, its own words and what to do', async () => {
    await using server = await standIn((_request, response) => void forbid(response))
    await expect(create(server.url, impatient).list(uri, never)).rejects.toMatchObject({
      code: 'source_refused',
      retryable: false,
      message: expect.stringMatching(/ was refused: HTTP 403: .*winnow does not have .* access$/),
      remedy: expect.stringContaining('Grant the account'),
    })
    await expect(create(server.url, impatient).list(uri, never)).rejects.toThrow(uri)
    expect(server.asked).toHaveLength(2)
  })

  it.each([
    ['never answers', () => {}, 'no answer within 0.15 s'],
    [
      'ends in the middle of its answer',
      (r: ServerResponse) => void r.writeHead(200, { 'content-length': 99 }).write('{'),
      /./,
    ],
    ['breaks the connection', (r: ServerResponse) => void r.destroy(), /./],
    ['is overrun', (r: ServerResponse) => void r.writeHead(429).end('slow down'), 'HTTP 429: slow down'],
    ['fails', (r: ServerResponse) => void r.writeHead(503).end(), 'HTTP 503'],
  ])('is unavailable when it %s, after it was asked again', async (_what, answer, words) => {
    await using server = await standIn((_request, response) => answer(response))
    await expect(create(server.url, impatient).list(uri, never)).rejects.toMatchObject({
      code: 'source_unavailable',
      retryable: true,
      message: expect.stringMatching(words),
    })
    expect(server.asked).toHaveLength(3)
  })

  it('is unavailable where nobody listens', async () => {
    await expect(create(`http://127.0.0.1:${await freePort()}`, impatient).list(uri, never)).rejects.toMatchObject({
      code: 'source_unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it.each(['<html>', '{"items": 3, "tables": 3}', ''])('does not take %j for a listing', async (body) => {
    await using server = await standIn((_request, response) => void response.writeHead(200).end(body))
    await expect(create(server.url, impatient).list(uri, never)).rejects.toMatchObject({ code: 'source_unavailable' })
  })

  it('goes nowhere else because an answer says so', async () => {
    await using elsewhere = await standIn((_request, response) => json(response, 200, {}))
    await using server = await standIn(
      (_request, response) => void response.writeHead(307, { location: elsewhere.url }).end(),
    )
    await expect(create(server.url, impatient).list(uri, never)).rejects.toMatchObject({ code: 'source_refused' })
    expect(elsewhere.asked).toEqual([])
  })

  it('ends where it is told to', async () => {
    const stop = new AbortController()
    await using server = await standIn(() => stop.abort(new Error('enough')))
    const patient = { timeout: 60_000, attempts: 3, firstPause: 1 }
    await expect(create(server.url, patient).list(uri, stop.signal)).rejects.toThrow('enough')
  })
})
