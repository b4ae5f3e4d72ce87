import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { Fault } from '../domain/errors.ts'

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Every route of this scope asks for `Authorization: Bearer <token>`; compared in constant time, whatever its length. */
export const authorise = (app: FastifyInstance, token: string): void => {
  const expected = sha256(token)
  app.addHook('onRequest', async (request) => {
    const [scheme, given] = (request.headers.authorization ?? '').split(' ')
    if (scheme?.toLowerCase() !== 'bearer' || given === undefined || !timingSafeEqual(sha256(given), expected))
      throw new Fault('unauthorised', 'This API asks for a token', {
        remedy: 'Send the token of the controller (the file `token` in its data folder) as `Authorization: Bearer …`.',
      })
  })
}
