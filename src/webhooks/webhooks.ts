import type { FastifyInstance } from 'fastify'
import type { SigningKeys } from '../domain/ports/signing-keys.ts'
import { bitbucket } from './bitbucket.ts'
import { dataRoute } from './data/data-route.ts'
import type { WebhookSource } from './data/data-sender.ts'
import { eventarc } from './data/eventarc.ts'
import { events } from './data/events.ts'
import { pubsub } from './data/pubsub.ts'
import { s3 } from './data/s3.ts'
import { git } from './git.ts'
import { gitRoute } from './git-route.ts'
import { forgejo, gitea } from './gitea.ts'
import { github } from './github.ts'
import { gitlab } from './gitlab.ts'
import { type ReceivePorts, receive } from './receive.ts'
import type { Sender, WebhookRepository } from './sender.ts'

export interface WebhookPorts extends ReceivePorts {
  /** The repositories that the config names; the rest of the world is unknown. */
  readonly repositories: readonly WebhookRepository[]
  /** The sources of data that the config names. */
  readonly sources: readonly WebhookSource[]
  /** Google's keys, for the tokens that it signs. */
  readonly signingKeys: SigningKeys
  /** Bytes of a body that are read at most, before anything looks at it. */
  readonly maxBodyBytes?: number
}

/** Far above a large push (GitHub lists at most 2,048 commits), far below what would hurt. GitHub's own limit is 25 MB. */
const defaultMaxBodyBytes = 5 * 1024 * 1024

const senders: readonly Sender[] = [github, gitlab, gitea, forgejo, bitbucket, git]

/**
 * POST /webhooks/<sender>, one for each kind of host and each way to tell of data: cap, verify, translate, record, and
 * only then 202.
 *
 * 413 over the cap · 401 signature wrong, missing or too old (the same answer for every repository, known or not) ·
 * 429 too many · 400 no JSON, or nested too deep · 422 JSON of another shape · 404 a repository that the config does not
 * name, or that this signature does not speak for, or nobody in the config who could send here · 403 data of an address
 * that its source may not speak for · 503 the store did not take it, or there were no keys to check it: send it again.
 * Each refusal is counted.
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
        const refuse = (status: number, code: string, message: string) =>
          reply.code(status).send({ error: { code, message } })
        const sender = request.url.split(/[/?]/)[2] ?? ''
        if (status < 500) ports.refusals.count(sender, status === 413 ? 'tooLarge' : 'unreadable')
        if (status === 413) {
          ports.log.warn({ url: request.url, bodyLimit }, 'webhook refused: body over the cap')
          return refuse(413, 'body_too_large', `The body is larger than ${bodyLimit} bytes`)
        }
        if (status < 500) return refuse(status, 'usage', error.message)
        ports.log.error({ error, url: request.url }, 'webhook failed')
        return refuse(500, 'internal', 'Something failed here; the log says what')
      })
      for (const sender of senders)
        scope.post(`/${sender.path}`, { bodyLimit }, receive(gitRoute(sender, ports.repositories), ports))
      for (const sender of [pubsub(ports.signingKeys), eventarc(ports.signingKeys), s3, events])
        scope.post(`/${sender.path}`, { bodyLimit }, receive(dataRoute(sender, ports.sources), ports))
    },
    { prefix: '/webhooks' },
  )
}
