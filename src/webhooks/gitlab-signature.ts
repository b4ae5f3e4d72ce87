import { Fault } from '../domain/errors.ts'
import type { Authenticate } from './route.ts'
import type { WebhookRepository } from './sender.ts'
import { allowed, type Speaker, secretCheck, speakersOf } from './signatures.ts'
import { checkStandardWebhook, isSigningToken, type SigningKey, signingKey } from './standard-webhook.ts'

/**
 * GitLab's two ways. A signing token (`whsec_…`) signs `id.timestamp.body` as Standard Webhooks do, and old deliveries
 * are refused. A secret token is sent as it is, in X-Gitlab-Token. A signing token never passes as a secret token, and
 * a delivery that carries a signature is judged by it alone: nobody talks Winnow down to the weaker way.
 */
export const gitlabAuthenticator = (repositories: readonly WebhookRepository[]): Authenticate<WebhookRepository> => {
  const speakers = speakersOf(repositories)
  const keys = speakers.filter(({ secret }) => isSigningToken(secret)).map(wholeKey)
  const holdersOf = secretCheck(speakers.filter(({ secret }) => !isSigningToken(secret)))

  return async (header, body, now) => {
    if (body.length === 0) return { ok: false, reason: 'forged' }
    return header('webhook-signature') === ''
      ? allowed(holdersOf(header('x-gitlab-token')))
      : checkStandardWebhook(keys, header, body, now)
  }
}

const wholeKey = ({ secret, speaksFor }: Speaker<WebhookRepository>): SigningKey<WebhookRepository> => {
  const key = signingKey(secret)
  if (key !== undefined) return { key, speaksFor }
  throw new Fault('config_invalid', `the signing token of the repository ${speaksFor[0]?.name} is not whole`, {
    remedy: 'copy all of it from GitLab: whsec_ and the base64 of at least 24 bytes',
  })
}
