import { createServer, type ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { now } from './recording-server.ts'

export interface GoogleSigner {
  /** Where its public keys are. */
  readonly url: string
  /** How often they were asked for. */
  readonly looks: () => number
  /** A token as Google makes them, with other claims or another header where they are given. */
  readonly token: (
    claims?: Readonly<Record<string, unknown>>,
    header?: Readonly<Record<string, string>>,
  ) => Promise<string>
  /** Answers the next requests for keys by itself. */
  answer: ((response: ServerResponse) => void) | undefined
  /** From now on it signs with another key, under another id. */
  rotate(): Promise<void>
  close(): Promise<void>
}

export const audience = 'https://winnow.example/webhooks/pubsub'
export const email = 'pusher@acme.iam.gserviceaccount.com'

/** Somebody who signs as Google does, with keys of its own, which it serves on loopback. */
export const createGoogleSigner = async (): Promise<GoogleSigner> => {
  let count = 0
  const makeKey = async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
    const kid = `key-${++count}`
    return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } }
  }
  let key = await makeKey()
  let looks = 0
  const server = createServer((_request, response) => {
    looks++
    if (signer.answer !== undefined) return signer.answer(response)
    response.setHeader('cache-control', 'public, max-age=3600, must-revalidate')
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ keys: [key.jwk] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const seconds = Math.floor(now / 1_000)
  const signer: GoogleSigner = {
    url: `http://127.0.0.1:${address.port}/oauth2/v3/certs`,
    looks: () => looks,
    answer: undefined,
    token: (claims = {}, header = {}) =>
      new SignJWT({
        iss: 'https://accounts.google.com',
        aud: audience,
        sub: '113774264463038321964',
        azp: '113774264463038321964',
        email,
        email_verified: true,
        iat: seconds,
        exp: seconds + 3_600,
        ...claims,
      })
        .setProtectedHeader({ alg: 'RS256', kid: key.kid, typ: 'JWT', ...header })
        .sign(key.privateKey),
    rotate: async () => {
      key = await makeKey()
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return signer
}
