import { isUtf8 } from 'node:buffer'
import { Webhooks } from '@octokit/webhooks'
import { Fault } from '../domain/errors.ts'
import type { Authenticate, WebhookRepository } from './sender.ts'

/** A secret, and the repositories that whoever knows it speaks for. */
export interface Speaker {
  readonly secret: string
  readonly speaksFor: readonly WebhookRepository[]
}

/** Fault config_invalid where a repository has no secret, or an empty one: an unsigned webhook is an open door. */
export const speakersOf = (repositories: readonly WebhookRepository[]): readonly Speaker[] => {
  for (const { name, secrets } of repositories)
    if (secrets.length === 0 || secrets.some((secret) => secret.trim() === ''))
      throw new Fault('config_invalid', `the repository ${name} has no webhook secret, or an empty one`, {
        remedy: 'give it a secret of at least 32 random characters and the same one to its sender',
      })
  return [...new Set(repositories.flatMap(({ secrets }) => secrets))].map((secret) => ({
    secret,
    speaksFor: repositories.filter(({ secrets }) => secrets.includes(secret)),
  }))
}

/**
 * Checks the HMAC-SHA256 over the raw bytes, `sha256=…` or its bare hex digits, in the first of these headers that is
 * there, against every secret of the repositories: the same work whichever fits and whatever the body says, so a
 * caller without a secret learns nothing of which repositories there are.
 */
export const hmacAuthenticator =
  (headers: readonly string[]) =>
  (repositories: readonly WebhookRepository[]): Authenticate => {
    const speakers = speakersOf(repositories).map(({ secret, speaksFor }) => ({
      webhooks: new Webhooks({ secret }),
      speaksFor,
    }))
    return async (header, body) => {
      const given = headers.map(header).find((value) => value !== '') ?? ''
      const [, digits] = /^(?:sha256=)?([0-9a-f]{64})$/.exec(given) ?? []
      if (digits === undefined || body.length === 0) return { ok: false, reason: 'forged' }
      // The library takes text. Text of valid UTF-8 stands for its bytes one to one; of anything else it does not,
      // and several bodies would pass under one signature.
      if (!isUtf8(body)) return { ok: false, reason: 'forged' }
      const text = body.toString('utf8')
      const checked = await Promise.all(
        speakers.map(async ({ webhooks, speaksFor }) =>
          (await webhooks.verify(text, `sha256=${digits}`)) ? speaksFor : [],
        ),
      )
      return allowed(checked.flat())
    }
  }

/** What the secrets that fitted allow. */
export const allowed = (speaksFor: readonly WebhookRepository[]): Awaited<ReturnType<Authenticate>> =>
  speaksFor.length === 0 ? { ok: false, reason: 'forged' } : { ok: true, speaksFor: [...new Set(speaksFor)] }
