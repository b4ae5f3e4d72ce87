import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ChangeCause } from '../domain/change.ts'
import { digestBytes } from '../domain/digest.ts'
import { type JsonBody, parseJsonBody } from '../domain/json-body.ts'
import type { NewRow, Store } from '../domain/ports/store.ts'
import type { Time } from '../domain/time.ts'
import type { Log } from '../log.ts'
import { keysUnavailable, noJson, notConfigured, notStored, tooDeep, tooMany, unproven } from './answers.ts'
import type { Limits } from './limits.ts'
import type { Refusals } from './refusals.ts'
import type { Header, Refusal, Signer, WebhookRoute } from './route.ts'

export interface ReceivePorts {
  readonly recordChange: Store['recordChange']
  readonly refusals: Refusals
  readonly limits: Limits
  readonly now: () => Time
  readonly log: Log
}

/** The ids that senders give a delivery, for the log. */
const deliveryHeaders = [
  'x-github-delivery',
  'webhook-id',
  'x-gitlab-event-uuid',
  'x-gitea-delivery',
  'x-request-uuid',
  'x-request-id',
  'ce-id',
  'x-goog-pubsub-message-id',
]

const deliveryOf = (header: Header): string | undefined => {
  for (const name of deliveryHeaders) {
    const id = header(name)
    if (id !== '') return id
  }
  return undefined
}

/** Node joins what comes twice, or keeps the first; a header that two ways of reading see differently proves nothing. */
const headerOf =
  (request: FastifyRequest): Header =>
  (name) => {
    const value = request.headers[name]
    return typeof value === 'string' && isOnce(request.raw.rawHeaders, name) ? value : ''
  }

/** Of names and values in turn, as they came. */
const isOnce = (raw: readonly string[], name: string): boolean => {
  let times = 0
  for (let i = 0; i < raw.length; i += 2) if (raw[i]?.length === name.length && raw[i]?.toLowerCase() === name) times++
  return times === 1
}

/** What a route does with each request: verify, let in, read, record, and only then 202. */
export const receive = <S extends Signer>(route: WebhookRoute<S>, ports: ReceivePorts) => {
  const { limits, refusals, log } = ports

  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const now = ports.now()
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const header = headerOf(request)
    const delivery = deliveryOf(header)
    const about = { sender: route.path, ...(delivery === undefined ? {} : { delivery: delivery.slice(0, 64) }) }
    const refuse = (refusal: Refusal): FastifyReply => {
      refusals.count(route.path, refusal.reason)
      if (refusal.error === undefined) log.warn({ ...about, ...refusal.fields }, refusal.log)
      else log.error({ ...about, error: refusal.error }, refusal.log)
      return answer(reply, refusal)
    }

    if (route.authenticate === undefined) return refuse(notConfigured(route.path))
    const authentication = await route.authenticate(header, body, now)
    if (!authentication.ok) {
      if (authentication.reason === 'keysUnavailable') return refuse(keysUnavailable(authentication.detail))
      // Whoever proves nothing may try so often; then it is told no more, and fills no log. A good signature is never
      // kept waiting by others' bad ones, though all may come from the address of one proxy.
      const wait = limits.fail(request.ip, now)
      if (wait === 0) return refuse(unproven(route, authentication, request.ip))
      refusals.count(route.path, 'tooMany')
      log.debug({ ...about, from: request.ip }, 'webhook refused: one of too many that proved nothing')
      return answer(reply, tooMany(wait))
    }
    const { speaksFor } = authentication
    const signer = `${route.path} ${speaksFor.map(({ name }) => name).join(' ')}`
    const wait = limits.deliver(signer, now)
    if (wait > 0) return refuse({ ...tooMany(wait), fields: { signer, wait } })

    // No bytes are no JSON either, but some senders say all in their headers; their translators know.
    const json: JsonBody = body.length === 0 ? { ok: true, value: undefined } : parseJsonBody(body)
    if (!json.ok) return refuse(json.reason === 'tooDeep' ? tooDeep : noJson)
    const reading = route.read({ header, body: json.value, bodyDigest: digestBytes(body) }, speaksFor, now)
    switch (reading.kind) {
      case 'refused':
        return refuse(reading.refusal)
      case 'pong':
        return reply.code(200).send({ pong: true })
      case 'ignored':
        for (const repository of reading.withdrawn ?? []) {
          refusals.count(route.path, 'withdrawn')
          log.warn({ ...about, repository }, 'the sender tells of this repository no more, though the config names it')
        }
        log.debug({ ...about, reason: reading.reason }, 'webhook ignored')
        return reply.code(202).send({ ignored: reading.reason })
      case 'told':
        limits.charge(signer, reading.rows.length - 1, now)
        return record(reading.rows, ports, about, reply, refuse)
    }
  }
}

const record = async (
  rows: readonly NewRow<'change'>[],
  { recordChange, log }: ReceivePorts,
  about: object,
  reply: FastifyReply,
  refuse: (refusal: Refusal) => FastifyReply,
): Promise<FastifyReply> => {
  const recorded: object[] = []
  try {
    // Where the store fails in the middle, the sender's retry finds the first ones as duplicates.
    for (let i = 0, size = atOnce(rows); i < rows.length; i += size)
      recorded.push(
        ...(await Promise.all(
          rows.slice(i, i + size).map(async (row) => {
            const { change, duplicate } = await recordChange(row)
            log.info({ ...about, change: change.id, repository: row.repository, duplicate }, 'change recorded')
            return { change: change.id, duplicate, ...(rows.length > 1 ? subjectOf(row.cause, row.repository) : {}) }
          }),
        )),
      )
  } catch (error) {
    return refuse({ ...notStored, error })
  }
  return reply.code(202).send(rows.length === 1 ? recorded[0] : { changes: recorded })
}

/** How many changes of data are recorded at once: the store commits them together. */
const width = 64

/** Pushes are recorded one after the other, as they were pushed; objects know no order. */
const atOnce = (rows: readonly NewRow<'change'>[]): number =>
  rows.every(({ cause }) => cause.kind === 'data') ? width : 1

/** Which of several a change in an answer is. */
const subjectOf = (cause: ChangeCause, repository: string): object =>
  cause.kind === 'data' ? { repository, uri: cause.uri } : 'ref' in cause ? { ref: cause.ref } : {}

const answer = (reply: FastifyReply, { status, code, message, retryAfter }: Refusal): FastifyReply => {
  if (retryAfter !== undefined) reply.header('retry-after', String(Math.ceil(retryAfter / 1_000)))
  return reply.code(status).send({ error: { code, message } })
}
