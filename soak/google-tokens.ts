import { createSign, generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Claims {
  readonly iss: string
  readonly aud: string
  readonly email: string
  readonly email_verified: boolean
  readonly iat: number
  readonly exp: number
}

/** Google as far as tokens go: keys of its own, published where the config is told to look. */
export interface GoogleTokens {
  readonly certsUrl: string
  /** A token that says what a push subscription's says, but for `over`. */
  readonly token: (at: number, over?: Partial<Claims>) => string
  /** The same by a key that nobody published. */
  readonly forged: (at: number) => string
  readonly close: () => Promise<void>
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Tokens are made anew every five minutes, as Google keeps them for a while, too. */
const kept = 5 * 60_000

export const openGoogleTokens = async (claims: Pick<Claims, 'aud' | 'email'>): Promise<GoogleTokens> => {
  const makeKey = () => ({ kid: randomUUID(), ...generateKeyPairSync('rsa', { modulusLength: 2048 }) })
  const [own, others] = [makeKey(), makeKey()]
  const keys = [{ ...own.publicKey.export({ format: 'jwk' }), kid: own.kid, use: 'sig', alg: 'RS256' }]
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.setHeader('cache-control', 'public, max-age=3600')
    response.end(JSON.stringify({ keys }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const known = new Map<string, string>()
  const sign = ({ privateKey }: ReturnType<typeof makeKey>, kid: string, at: number, over: Partial<Claims>): string => {
    const iat = Math.floor(Math.floor(at / kept) * (kept / 1_000))
    const all: Claims = {
      iss: 'https://accounts.google.com',
      email_verified: true,
      ...claims,
      iat,
      exp: iat + 3_600,
      ...over,
    }
    const key = `${kid} ${JSON.stringify(all)}`
    const there = known.get(key)
    if (there !== undefined) return there
    const signed = `${part({ alg: 'RS256', typ: 'JWT', kid })}.${part(all)}`
    const token = `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey, 'base64url')}`
    known.set(key, token)
    return token
  }
  return {
    certsUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/certs`,
    token: (at, over = {}) => sign(own, own.kid, at, over),
    // By its key's name it is Google's.
    forged: (at) => sign(others, own.kid, at, { email: claims.email, iss: 'accounts.google.com' }),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
