import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Digest, digestBytes } from '../domain/digest.ts'
import type { NewRow, Store } from '../domain/ports.ts'
import type { Time } from '../domain/time.ts'
import type { Log } from '../log.ts'
import { translateGit } from './git.ts'
import { translateGithub } from './github.ts'
import type { Happening, Translation, WebhookRepository } from './sender.ts'
import { createVerifier } from './signatures.ts'

export interface WebhookPorts {
  /** The repositories that the config names; the rest of the world is unknown. */
  readonly repositories: readonly WebhookRepository[]
  readonly recordChange: Store['recordChange']
  readonly now: () => Time
  readonly log: Log
  /** Bytes of a body that are read at most, before anything looks at it. */
  readonly maxBodyBytes?: number
}

/** Far above a large push (GitHub lists at most 2,048 commits), far below what would hurt. GitHub's own limit is 25 MB. */
const defaultMaxBodyBytes = 5 * 1024 * 1024

interface Sender {
  readonly kind: WebhookRepository['host']
  readonly signatureHeader: string
  readonly translate: (request: FastifyRequest, body: unknown, bodyDigest: Digest) => Translation
}

const header = (request: FastifyRequest, name: string): string => {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}

const senders: readonly Sender[] = [
  {
    kind: 'github',
    signatureHeader: 'x-hub-signature-256',
    translate: (request, body, bodyDigest) => {
      const event = header(request, 'x-github-event')
      return event === ''
        ? { kind: 'invalid', reason: 'the X-GitHub-Event header is missing' }
        : translateGithub(event, body, bodyDigest)
    },
  },
  {
    kind: 'git',
    signatureHeader: 'x-winnow-signature-256',
    translate: (_request, body) => translateGit(body),
  },
]

const refuse = (reply: FastifyReply, status: number, code: string, message: string): FastifyReply =>
  reply.code(status).send({ error: { code, message } })

const parseJson = (bytes: Buffer): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(bytes.toString('utf8')) }
  } catch {
    return undefined
  }
}

/**
 * POST /webhooks/github and POST /webhooks/git: cap, verify, translate, record, and only then 202.
 *
 * 413 over the cap · 401 signature wrong or missing (the same answer for every repository, known or not) ·
 * 400 no JSON · 422 JSON of another shape · 404 a repository that the config does not name, or that this signature
 * does not speak for · 503 the store did not take it: send it again.
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
        if (status === 413) {
          ports.log.warn({ url: request.url, bodyLimit }, 'webhook refused: body over the cap')
          return refuse(reply, 413, 'body_too_large', `The body is larger than ${bodyLimit} bytes`)
        }
        if (status < 500) return refuse(reply, status, 'usage', error.message)
        ports.log.error({ error, url: request.url }, 'webhook failed')
        return refuse(reply, 500, 'internal', 'Something failed here; the log says what')
      })
      for (const sender of senders) scope.post(`/${sender.kind}`, { bodyLimit }, receive(sender, ports))
    },
    { prefix: '/webhooks' },
  )
}

const receive = (sender: Sender, ports: WebhookPorts) => {
  const mine = ports.repositories.filter((repository) => repository.host === sender.kind)
  const verify = createVerifier(mine)

  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const delivery = header(request, 'x-github-delivery').slice(0, 64)
    const log = ports.log.child({ sender: sender.kind, ...(delivery === '' ? {} : { delivery }) })

    const speaksFor = await verify(body, request.headers[sender.signatureHeader])
    if (speaksFor.length === 0) {
      log.warn({ from: request.ip }, 'webhook refused: signature wrong or missing')
      return refuse(reply, 401, 'unauthorised', `${sender.signatureHeader} is missing or wrong`)
    }

    const json = parseJson(body)
    if (json === undefined) {
      log.warn({}, 'webhook refused: body is no JSON')
      return refuse(reply, 400, 'usage', 'The body is no JSON: set the content type of the webhook to application/json')
    }
    const bodyDigest = digestBytes(body)
    const translation = sender.translate(request, json.value, bodyDigest)
    if (translation.kind === 'invalid') {
      log.warn({ reason: translation.reason }, 'webhook refused: body of another shape')
      return refuse(reply, 422, 'usage', translation.reason)
    }

    const repository = translation.repository === undefined ? undefined : find(speaksFor, translation.repository)
    if (translation.repository !== undefined && repository === undefined) {
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
    repository.host === 'github'
      ? (repository.fullName ?? repository.name).toLowerCase() === name.toLowerCase()
      : repository.name === name,
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
        author,
        dedupeKey,
        bodyDigest,
        receivedAt: ports.now(),
        state: 'recorded',
        reason: '',
        faults: [],
        batch: null,
        nextAt: null,
      }
      const { change, duplicate } = await ports.recordChange(row)
      log.info({ change: change.id, repository: repository.name, duplicate }, 'change recorded')
      recorded.push({ change: change.id, duplicate, ref: 'ref' in cause ? cause.ref : undefined })
    }
  } catch (error) {
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
