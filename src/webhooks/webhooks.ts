import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { justRecorded } from '../domain/change.ts'
import { type Digest, digestBytes } from '../domain/digest.ts'
import type { NewRow, Store } from '../domain/ports.ts'
import type { Time } from '../domain/time.ts'
import type { Log } from '../log.ts'
import { bitbucket } from './bitbucket.ts'
import { git } from './git.ts'
import { forgejo, gitea } from './gitea.ts'
import { github } from './github.ts'
import { gitlab } from './gitlab.ts'
import { parseJsonBody } from './json-body.ts'
import type { Refusals } from './refusals.ts'
import type { Happening, Header, Sender, WebhookRepository } from './sender.ts'

export interface WebhookPorts {
  /** The repositories that the config names; the rest of the world is unknown. */
  readonly repositories: readonly WebhookRepository[]
  readonly recordChange: Store['recordChange']
  readonly refusals: Refusals
  readonly now: () => Time
  readonly log: Log
  /** Bytes of a body that are read at most, before anything looks at it. */
  readonly maxBodyBytes?: number
}

/** Far above a large push (GitHub lists at most 2,048 commits), far below what would hurt. GitHub's own limit is 25 MB. */
const defaultMaxBodyBytes = 5 * 1024 * 1024

const senders: readonly Sender[] = [github, gitlab, gitea, forgejo, bitbucket, git]

const headerOf =
  (request: FastifyRequest): Header =>
  (name) => {
    const value = request.headers[name]
    return typeof value === 'string' ? value : ''
  }

/** The ids that hosts give a delivery, for the log. */
const deliveryHeaders = [
  'x-github-delivery',
  'webhook-id',
  'x-gitlab-event-uuid',
  'x-gitea-delivery',
  'x-request-uuid',
  'x-request-id',
]

const refuse = (reply: FastifyReply, status: number, code: string, message: string): FastifyReply =>
  reply.code(status).send({ error: { code, message } })

/**
 * POST /webhooks/<sender>, one for each kind of host: cap, verify, translate, record, and only then 202.
 *
 * 413 over the cap · 401 signature wrong, missing or too old (the same answer for every repository, known or not) ·
 * 400 no JSON, or nested too deep · 422 JSON of another shape · 404 a repository that the config does not name, or that
 * this signature does not speak for · 503 the store did not take it: send it again. Each refusal is counted.
 */
export const registerWebhooks = async (app: FastifyInstance, ports: WebhookPorts): Promise<void> => {
  const bodyLimit = ports.maxBodyBytes ?? defaultMaxBodyBytes
  await app.register(
    async (scope) => {
      // The signature is over bytes, so bytes are what handlers get, whatever the content type says.
      scope.removeAllContentTypeParsers()
      scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body))
      scope.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
        const status = error.statusCode ?? 500
        const sender = request.url.split(/[/?]/)[2] ?? ''
        if (status < 500) ports.refusals.count(sender, status === 413 ? 'tooLarge' : 'unreadable')
        if (status === 413) {
          ports.log.warn({ url: request.url, bodyLimit }, 'webhook refused: body over the cap')
          return refuse(reply, 413, 'body_too_large', `The body is larger than ${bodyLimit} bytes`)
        }
        if (status < 500) return refuse(reply, status, 'usage', error.message)
        ports.log.error({ error, url: request.url }, 'webhook failed')
        return refuse(reply, 500, 'internal', 'Something failed here; the log says what')
      })
      for (const sender of senders) scope.post(`/${sender.path}`, { bodyLimit }, receive(sender, ports))
    },
    { prefix: '/webhooks' },
  )
}

const receive = (sender: Sender, ports: WebhookPorts) => {
  const authenticate = sender.authenticator(ports.repositories.filter(({ host }) => host === sender.path))

  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const header = headerOf(request)
    const delivery = deliveryHeaders.map(header).find((id) => id !== '')
    const log = ports.log.child({
      sender: sender.path,
      ...(delivery === undefined ? {} : { delivery: delivery.slice(0, 64) }),
    })

    const authentication = await authenticate(header, body, ports.now())
    if (!authentication.ok) {
      ports.refusals.count(sender.path, authentication.reason)
      if (authentication.reason === 'stale') {
        log.warn({ from: request.ip }, 'webhook refused: signed too long ago, or the clocks differ')
        return refuse(reply, 401, 'unauthorised', 'The delivery was signed too long ago, or the clocks differ')
      }
      log.warn({ from: request.ip }, 'webhook refused: signature wrong or missing')
      return refuse(reply, 401, 'unauthorised', `${sender.signatureHeader} is missing or wrong`)
    }
    const { speaksFor } = authentication

    const json = parseJsonBody(body)
    if (!json.ok) {
      ports.refusals.count(sender.path, json.reason)
      log.warn({}, json.reason === 'tooDeep' ? 'webhook refused: body nests too deep' : 'webhook refused: no JSON')
      const message =
        json.reason === 'tooDeep'
          ? 'The body nests deeper than any delivery does'
          : 'The body is no JSON: set the content type of the webhook to application/json'
      return refuse(reply, 400, 'usage', message)
    }
    const bodyDigest = digestBytes(body)
    const translation = sender.translate({ header, body: json.value, bodyDigest })
    if (translation.kind === 'invalid') {
      ports.refusals.count(sender.path, 'wrongShape')
      log.warn({ reason: translation.reason }, 'webhook refused: body of another shape')
      return refuse(reply, 422, 'usage', translation.reason)
    }

    const repository = translation.repository === undefined ? undefined : find(speaksFor, translation.repository)
    if (translation.repository !== undefined && repository === undefined) {
      ports.refusals.count(sender.path, 'unknownRepository')
      log.warn({ repository: translation.repository }, 'webhook refused: the config does not name this repository')
      return refuse(reply, 404, 'not_found', `Winnow's config names no repository ${translation.repository}`)
    }
    if (translation.kind === 'pong') return reply.code(200).send({ pong: true })
    if (translation.kind === 'ignored') {
      log.debug({ reason: translation.reason }, 'webhook ignored')
      return reply.code(202).send({ ignored: translation.reason })
    }
    if (repository === undefined) throw new Error('a happening without a repository')
    return record(translation.happenings, repository, bodyDigest, ports, log, reply)
  }
}

const find = (repositories: readonly WebhookRepository[], name: string): WebhookRepository | undefined =>
  repositories.find((repository) =>
    repository.host === 'git'
      ? repository.name === name
      : (repository.fullName ?? repository.name).toLowerCase() === name.toLowerCase(),
  )

const record = async (
  happenings: readonly Happening[],
  repository: WebhookRepository,
  bodyDigest: Digest,
  ports: WebhookPorts,
  log: Log,
  reply: FastifyReply,
): Promise<FastifyReply> => {
  const recorded: { change: number; duplicate: boolean; ref: string | undefined }[] = []
  try {
    // In the order of the push; where the store fails in the middle, the sender's retry finds the first ones as duplicates.
    for (const { cause, author, dedupeKey } of happenings) {
      const row: NewRow<'change'> = {
        repository: repository.name,
        cause,
        sender: repository.host,
        ...(cause.kind === 'push' ? { ref: cause.ref } : {}),
        author,
        dedupeKey,
        bodyDigest,
        receivedAt: ports.now(),
        ...justRecorded,
      }
      const { change, duplicate } = await ports.recordChange(row)
      log.info({ change: change.id, repository: repository.name, duplicate }, 'change recorded')
      recorded.push({ change: change.id, duplicate, ref: 'ref' in cause ? cause.ref : undefined })
    }
  } catch (error) {
    ports.refusals.count(repository.host, 'notStored')
    log.error({ error, repository: repository.name }, 'webhook refused: the store did not take the change')
    return refuse(
      reply.header('retry-after', '5'),
      503,
      'store_unavailable',
      'The change was not stored; send it again',
    )
  }
  const [only] = recorded
  return reply
    .code(202)
    .send(
      recorded.length === 1 && only !== undefined
        ? { change: only.change, duplicate: only.duplicate }
        : { changes: recorded },
    )
}
