import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { operatorName, operators, type Person } from '../domain/approval.ts'
import { Fault } from '../domain/errors.ts'

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

export interface Tokens {
  /** The controller's own; whoever has it is the operator. */
  readonly token: string
  readonly people: readonly { readonly person: Person; readonly token: string }[]
}

const operator: Person = { name: operatorName, groups: [operators], knownAs: [] }
const speakers = new WeakMap<FastifyRequest, Person>()

/** Every route of this scope asks for `Authorization: Bearer <token>`; compared in constant time, whatever its length. */
export const authorise = (app: FastifyInstance, { token, people }: Tokens): void => {
  const known = [{ person: operator, token }, ...people].map((one) => ({ ...one, digest: sha256(one.token) }))
  app.addHook('onRequest', async (request) => {
    const [scheme, given] = (request.headers.authorization ?? '').split(' ')
    const digest = scheme?.toLowerCase() === 'bearer' && given !== undefined ? sha256(given) : undefined
    // All are compared, so that the time tells nothing of whose it is.
    const found = digest === undefined ? [] : known.filter((one) => timingSafeEqual(one.digest, digest))
    if (found[0] === undefined)
      throw new Fault('unauthorised', 'This API asks for a token', {
        remedy: 'Send the token of the controller (the file `token` in its data folder) as `Authorization: Bearer …`.',
      })
    speakers.set(request, found[0].person)
  })
}

/** Who makes a request that was authorised. */
export const personOf = (request: FastifyRequest): Person => {
  const person = speakers.get(request)
  if (person === undefined) throw new Error('a request was not authorised')
  return person
}
