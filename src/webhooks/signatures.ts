import { isUtf8 } from 'node:buffer'
import { Webhooks } from '@octokit/webhooks'
import { Fault } from '../domain/errors.ts'
import type { WebhookRepository } from './sender.ts'

/** The repositories that a signature speaks for; none where it is wrong or missing. */
export type VerifySignature = (body: Buffer, signature: unknown) => Promise<readonly WebhookRepository[]>

/**
 * Checks `sha256=…` over the raw bytes against every secret of these repositories, the same work whichever fits and
 * whatever the body says: so a caller without a secret learns nothing of which repositories there are.
 * Fault config_invalid where a repository has no secret, or an empty one: an unsigned webhook is an open door.
 */
export const createVerifier = (repositories: readonly WebhookRepository[]): VerifySignature => {
  for (const { name, secrets } of repositories)
    if (secrets.length === 0 || secrets.some((secret) => secret.trim() === ''))
      throw new Fault('config_invalid', `the repository ${name} has no webhook secret, or an empty one`, {
        remedy: 'give it a secret of at least 32 random characters and the same one to its sender',
      })
  const speakers = [...new Set(repositories.flatMap(({ secrets }) => secrets))].map((secret) => ({
    webhooks: new Webhooks({ secret }),
    speaksFor: repositories.filter(({ secrets }) => secrets.includes(secret)),
  }))

  return async (body, signature) => {
    if (typeof signature !== 'string' || !/^sha256=[0-9a-f]{64}$/.test(signature) || body.length === 0) return []
    // The library takes text. Text of valid UTF-8 stands for its bytes one to one; of anything else it does not,
    // and several bodies would pass under one signature.
    if (!isUtf8(body)) return []
    const text = body.toString('utf8')
    const checked = await Promise.all(
      speakers.map(async ({ webhooks, speaksFor }) => ((await webhooks.verify(text, signature)) ? speaksFor : [])),
    )
    return [...new Set(checked.flat())]
  }
}
