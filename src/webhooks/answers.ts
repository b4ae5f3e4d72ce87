import type { Duration } from '../domain/time.ts'
import type { Authentication, Refusal, Signer, WebhookRoute } from './route.ts'

// What requests are told that are refused whatever they say.

export const notConfigured = (path: string): Refusal => ({
  status: 404,
  code: 'not_found',
  reason: 'notConfigured',
  message: `Winnow's config names nobody who may post to /webhooks/${path}`,
  log: 'webhook refused: the config names nobody who may send here',
})

export const unproven = <S extends Signer>(
  { signatureHeader }: WebhookRoute<S>,
  { reason, detail }: Extract<Authentication<S>, { ok: false }>,
  from: string,
): Refusal => {
  const refusal = {
    status: 401,
    code: 'unauthorised',
    reason,
    fields: { from, ...(detail === undefined ? {} : { detail }) },
  }
  switch (reason) {
    case 'stale':
      return {
        ...refusal,
        message: 'The delivery was signed too long ago, or the clocks differ',
        log: 'webhook refused: signed too long ago, or the clocks differ',
      }
    case 'foreignToken':
      return {
        ...refusal,
        message: `${signatureHeader} is well signed, but for another audience or by another account than Winnow's config names`,
        log: 'webhook refused: well signed, but by nobody whom the config names',
      }
    default:
      return {
        ...refusal,
        message: `${signatureHeader} is missing or wrong`,
        log: 'webhook refused: signature wrong or missing',
      }
  }
}

export const keysUnavailable = (detail: string | undefined): Refusal => ({
  status: 503,
  code: 'source_unavailable',
  reason: 'keysUnavailable',
  message: 'The keys that signatures are checked with could not be had; send it again',
  log: 'webhook refused: the keys that signatures are checked with could not be had',
  fields: { detail },
  retryAfter: 5_000,
})

export const tooMany = (wait: Duration): Refusal => ({
  status: 429,
  code: 'too_many',
  reason: 'tooMany',
  message: 'Too many deliveries in too short a time; send it again later',
  log: 'webhook refused: too many in too short a time',
  retryAfter: wait,
})

export const noJson: Refusal = {
  status: 400,
  code: 'usage',
  reason: 'noJson',
  message: 'The body is no JSON: set the content type of the webhook to application/json',
  log: 'webhook refused: no JSON',
}

export const tooDeep: Refusal = {
  status: 400,
  code: 'usage',
  reason: 'tooDeep',
  message: 'The body nests deeper than any delivery does',
  log: 'webhook refused: body nests too deep',
}

export const notStored: Refusal = {
  status: 503,
  code: 'store_unavailable',
  reason: 'notStored',
  message: 'The change was not stored; send it again',
  log: 'webhook refused: the store did not take the change',
  retryAfter: 5_000,
}
