import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSigningKeys } from '../../src/adapters/google/signing-keys.ts'
import { createGoogleSigner, type GoogleSigner } from './google-signer.ts'

const hour = 3_600_000
let google: GoogleSigner
let now = 0
beforeEach(async () => {
  google = await createGoogleSigner()
  now = 1_700_000_000_000
})
afterEach(() => google.close())
const open = (timeout?: number) =>
  createSigningKeys({ url: google.url, now: () => now, ...(timeout === undefined ? {} : { timeout }) })
const idsOf = ({ keys }: { readonly keys: readonly { readonly kid: string }[] }) => keys.map(({ kid }) => kid)

describe('the keys of who signs', () => {
  it('are fetched once for all who ask, and kept for as long as their owner says', async () => {
    const keys = open()
    const asked = await Promise.all([keys('key-1'), keys('key-1'), keys('key-1')])
    expect(asked.map(idsOf)).toEqual([['key-1'], ['key-1'], ['key-1']])
    now += hour - 1
    await keys('key-1')
    expect(google.looks()).toBe(1)
    now += 1
    await keys('key-1')
    expect(google.looks()).toBe(2)
  })

  it('are looked for again where one is not there, but not for everybody who makes one up', async () => {
    const keys = open()
    await keys('key-1')
    await google.rotate()
    for (let i = 0; i < 100; i++) expect(idsOf(await keys(`made up ${i}`))).toEqual(['key-1'])
    expect(google.looks()).toBe(1)
    now += 10_000
    expect(idsOf(await keys('key-2'))).toEqual(['key-2'])
    expect(google.looks()).toBe(2)
  })

  it.each<[string, (response: ServerResponse) => void]>([
    ['an error', (response) => response.writeHead(500).end()],
    ['a page', (response) => response.end('<html>')],
    ['other JSON', (response) => response.end('{"keys": [{"kty": 1}]}')],
    ['another address', (response) => response.writeHead(302, { location: `${google.url}?other` }).end()],
    ['without end', (response) => response.end(`{"keys": ["${'x'.repeat(1_100_000)}"]}`)],
    [
      'half',
      (response) => response.writeHead(200, { 'content-length': '900' }).write('{"keys"', () => response.destroy()),
    ],
    ['nothing', () => {}],
  ])('that come as %s are a fault that may pass, and are asked for again only later', async (_what, answer) => {
    google.answer = answer
    const keys = open(300)
    await expect(keys('key-1')).rejects.toMatchObject({ code: 'source_unavailable', retryable: true })
    const looks = google.looks()
    google.answer = undefined
    await expect(keys('key-1')).rejects.toMatchObject({ code: 'source_unavailable' })
    expect(google.looks()).toBe(looks)
    now += 10_000
    expect(idsOf(await keys('key-1'))).toEqual(['key-1'])
  })
})
