import { AwsClient } from 'aws4fetch'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Server } from '../../scripts/servers.ts'
import { createS3 } from '../../src/adapters/sources/s3.ts'
import { describeWithEmulators } from '../emulators/emulators.ts'
import { s3Credentials, startS3 } from '../emulators/programs.ts'

const never = new AbortController().signal

describeWithEmulators('a bucket of an S3 server', () => {
  let server: Server
  let client: AwsClient
  beforeAll(async () => {
    server = await startS3()
    client = new AwsClient({ ...s3Credentials, service: 's3', region: 'us-east-1' })
    await send('PUT', '/plain')
    await send('PUT', '/kept')
    await send(
      'PUT',
      '/kept?versioning=',
      '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>',
    )
  }, 60_000)
  afterAll(() => server?.stop())

  const send = async (method: string, path: string, body?: string): Promise<Response> => {
    const response = await client.fetch(`${server.url}${path}`, { method, ...(body === undefined ? {} : { body }) })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response
  }
  const put = (bucket: string, name: string, body = 'a,b\n1,2\n') =>
    send('PUT', `/${bucket}/${name.split('/').map(encodeURIComponent).join('/')}`, body)
  const source = (over: object = {}) =>
    createS3({
      endpoint: server.url,
      credentials: s3Credentials,
      patience: { timeout: 5_000, attempts: 2, firstPause: 1 },
      ...over,
    })

  const strange = 'odd/ä ö+%20&<x>"\'();,=@!.csv'

  it('lists what the pattern means, whatever the names hold, and finds each of them the same', async () => {
    await put('plain', strange, '12345')
    await put('plain', 'odd/b.txt')
    await put('plain', 'odd/deep/c.csv')
    await put('plain', 'elsewhere/d.csv')
    await put('plain', 'odd/empty/', '')
    const listed = await source().list('s3://plain/odd/*.csv', never)
    expect(listed).toEqual([
      {
        uri: `s3://plain/${strange}`,
        generation: '827ccb0eea8a706c4c34a16891f84e7b:5',
        size: 5,
        checksum: 'etag:827ccb0eea8a706c4c34a16891f84e7b',
      },
    ])
    expect(await source().find(`s3://plain/${strange}`, never)).toEqual(listed[0])
    expect((await source().list('s3://plain/**/*.csv', never)).map(({ uri }) => uri.split('/').at(-1)).sort()).toEqual(
      ['c.csv', 'd.csv', strange.split('/')[1]].sort(),
    )
    expect(await source().find('s3://plain/odd/gone.csv', never)).toBeUndefined()
  })

  it('names the version that stands in a bucket that keeps versions, as a look at the object does', async () => {
    await put('kept', 'in/a.csv', 'one')
    await put('kept', 'in/a.csv', 'two')
    await put('kept', 'in/b.csv', 'three')
    await send('DELETE', '/kept/in/b.csv')
    const listed = await source().list('s3://kept/in/*', never)
    expect(listed.map(({ uri, size }) => [uri, size])).toEqual([['s3://kept/in/a.csv', 3]])
    expect(listed[0]?.generation).not.toContain(':')
    expect(await source().find('s3://kept/in/a.csv', never)).toEqual(listed[0])
  })

  it('lists page after page', async () => {
    const names = Array.from({ length: 1_100 }, (_, i) => `many/${String(i).padStart(5, '0')}.csv`)
    for (let i = 0; i < names.length; i += 50)
      await Promise.all(names.slice(i, i + 50).map((name) => put('plain', name, 'x')))
    expect((await source().list('s3://plain/many/*', never)).map(({ uri }) => uri.slice('s3://plain/'.length))).toEqual(
      names,
    )
  })

  it.each([
    [
      'a wrong secret',
      { credentials: { ...s3Credentials, secretAccessKey: 'wrong' } },
      's3://plain/*',
      /SignatureDoesNotMatch/,
    ],
    ['a key that nobody knows', { credentials: { accessKeyId: 'x', secretAccessKey: 'y' } }, 's3://plain/*', /403/],
    ['a bucket that is not there', {}, 's3://nowhere/*', /there is no bucket nowhere/],
  ])('%s is refused with the address and the words of the source', async (_what, over, uri, words) => {
    await expect(source(over).list(uri, never)).rejects.toMatchObject({
      code: 'source_refused',
      retryable: false,
      message: expect.stringMatching(words),
      remedy: expect.any(String),
    })
    await expect(source(over).list(uri, never)).rejects.toThrow(uri)
  })
})
