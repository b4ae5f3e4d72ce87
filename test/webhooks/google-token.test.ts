import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { OAuth2Client } from 'google-auth-library'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSigningKeys } from '../../src/adapters/google/signing-keys.ts'
import type { SigningKeys } from '../../src/domain/ports/signing-keys.ts'
import type { WebhookSource } from '../../src/webhooks/data/data-sender.ts'
import { googleAuthenticator } from '../../src/webhooks/data/google-token.ts'
import { audience, createGoogleSigner, email, type GoogleSigner } from './google-signer.ts'

// The clock of this machine, because Google's own library knows no other.
const now = Date.now()
const seconds = Math.floor(now / 1_000)
const times = { iat: seconds, exp: seconds + 3_600 }
const source = {
  name: 'harvest',
  kind: 'gcs',
  addresses: [],
  repositories: [],
  secrets: [],
  push: { audience, email },
} as const
const mill: WebhookSource = {
  ...source,
  name: 'mill',
  push: { audience, email: 'miller@acme.iam.gserviceaccount.com' },
}

let google: GoogleSigner
let keys: SigningKeys
beforeAll(async () => {
  google = await createGoogleSigner()
})
afterAll(() => google.close())
beforeEach(() => {
  keys = createSigningKeys({ url: google.url, now: () => now })
})

const judge = (authorization: string, at = now) =>
  googleAuthenticator(keys)([source, mill])(
    (name) => (name === 'authorization' ? authorization : ''),
    Buffer.alloc(0),
    at,
  )

/** Whether Google's own library believes the token, for any audience. */
const isBelievedByGoogle = async (token: string): Promise<boolean> => {
  const { keys: set } = (await (await fetch(google.url)).json()) as { keys: ({ kid: string } & JsonWebKey)[] }
  const pems = set.map((key) => [
    key.kid,
    createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString(),
  ])
  const issuers = ['accounts.google.com', 'https://accounts.google.com']
  return new OAuth2Client().verifySignedJwtWithCertsAsync(token, Object.fromEntries(pems), undefined, issuers).then(
    () => true,
    () => false,
  )
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('a token of Google’s', () => {
  it('speaks for the source whose audience and account it has', async () => {
    expect(await judge(`Bearer ${await google.token(times)}`)).toEqual({ ok: true, speaksFor: [source] })
    const other = await google.token({ ...times, email: mill.push?.email })
    expect(await judge(`bearer ${other}`)).toEqual({ ok: true, speaksFor: [mill] })
  })

  it.each([
    ['good', {}, {}, true],
    ['the short issuer', { iss: 'accounts.google.com' }, {}, true],
    ['another issuer', { iss: 'https://accounts.example.com' }, {}, false],
    ['no issuer', { iss: undefined }, {}, false],
    ['past its time by an hour', { iat: seconds - 7_200, exp: seconds - 3_600 }, {}, false],
    ['no time', { exp: undefined }, {}, false],
    ['another key’s id', {}, { kid: 'key-0' }, false],
  ])('%s: Winnow and Google’s library agree', async (_what, claims, header, believed) => {
    const token = await google.token({ ...times, ...claims }, header)
    expect(await isBelievedByGoogle(token)).toBe(believed)
    expect((await judge(`Bearer ${token}`)).ok).toBe(believed)
  })

  it.each([
    ['another audience', { aud: 'https://winnow.example/webhooks/eventarc' }],
    ['the audience among others', { aud: [audience, 'https://elsewhere.example'] }],
    ['another account', { email: 'somebody@else.iam.gserviceaccount.com' }],
    ['an account in other letters', { email: email.toUpperCase() }],
    ['an account that Google has not verified', { email_verified: false }],
    ['an account that is said to be verified by a text', { email_verified: 'true' }],
  ])('for %s is well signed, and of nobody here', async (_what, claims) => {
    const judged = await judge(`Bearer ${await google.token({ ...times, ...claims })}`)
    expect(judged).toMatchObject({ ok: false, reason: 'foreignToken' })
  })

  it('says of whom a foreign one is, for the log', async () => {
    const token = await google.token({ ...times, email: 'x@y.example', aud: 'z' })
    expect(await judge(`Bearer ${token}`)).toMatchObject({ detail: 'a token of "x@y.example" for the audience "z"' })
  })

  it.each([
    ['a minute past its time', 3_659, true],
    ['more than that', 3_660, false],
  ])('%s: %s', async (_what, after, believed) => {
    const judged = await judge(`Bearer ${await google.token(times)}`, (seconds + after) * 1_000)
    expect(judged).toMatchObject(believed ? { ok: true } : { ok: false, reason: 'stale' })
  })

  it('of somebody else’s key under Google’s id is forged', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
    const token = await new SignJWT({
      iss: 'accounts.google.com',
      aud: audience,
      email,
      email_verified: true,
      ...times,
    })
      .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
      .sign(privateKey)
    expect(await judge(`Bearer ${token}`)).toEqual({ ok: false, reason: 'forged' })
  })

  it('signed with the public key as if it were a secret, or with nothing, is forged', async () => {
    const claims = part({ iss: 'accounts.google.com', aud: audience, email, email_verified: true, ...times })
    const pem = await (await fetch(google.url)).text()
    const hmac = `${part({ alg: 'HS256', kid: 'key-1' })}.${claims}`
    const tokens = [
      `${part({ alg: 'none', kid: 'key-1' })}.${claims}.`,
      `${part({ alg: 'none', kid: 'key-1' })}.${claims}.AAAA`,
      `${hmac}.${createHmac('sha256', pem).update(hmac).digest('base64url')}`,
      `${part({ alg: 'RS256', kid: 'key-1', crit: ['b64'], b64: false })}.${claims}.AAAA`,
    ]
    for (const token of tokens) expect(await judge(`Bearer ${token}`)).toEqual({ ok: false, reason: 'forged' })
  })

  it('that names its own keys, or where they are, is forged, and nothing is fetched from there', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
    const elsewhere = await createGoogleSigner()
    const token = await new SignJWT({
      iss: 'accounts.google.com',
      aud: audience,
      email,
      email_verified: true,
      ...times,
    })
      .setProtectedHeader({
        alg: 'RS256',
        kid: 'key-9',
        jku: elsewhere.url,
        jwk: publicKey.export({ format: 'jwk' }) as never,
      })
      .sign(privateKey)
    expect(await judge(`Bearer ${token}`)).toEqual({ ok: false, reason: 'forged' })
    expect(elsewhere.looks()).toBe(0)
    await elsewhere.close()
  })

  it.each(['', 'Bearer', 'Bearer x', 'Basic abc', 'Bearer a.b.c', 'Bearer ..', `Bearer ${'a'.repeat(9_000)}.b.c`])(
    '%.20j is forged',
    async (authorization) => {
      expect(await judge(authorization)).toEqual({ ok: false, reason: 'forged' })
    },
  )

  it('cannot be judged without keys, which is no refusal of the token', async () => {
    keys = createSigningKeys({ url: 'http://127.0.0.1:9/', now: () => now })
    expect(await judge(`Bearer ${await google.token(times)}`)).toMatchObject({ ok: false, reason: 'keysUnavailable' })
  })
})
