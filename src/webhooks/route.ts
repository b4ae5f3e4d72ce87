import type { Digest } from '../domain/digest.ts'
import type { NewRow } from '../domain/ports/store.ts'
import type { RefusalReason } from '../domain/refusal.ts'
import type { Duration, Time } from '../domain/time.ts'

/** A header of the request, '' where it is missing or came twice. */
export type Header = (name: string) => string

/** A request whose signature was right. */
export interface Delivery {
  readonly header: Header
  readonly body: unknown
  /** Of the signed bytes. */
  readonly bodyDigest: Digest
}

/** Whom a signature can speak for, as the config names it: a repository, or a source of data. */
export interface Signer {
  readonly name: string
}

/** What a request's signature says: for whom it speaks, or why for nobody. */
export type Authentication<S extends Signer> =
  | { readonly ok: true; readonly speaksFor: readonly S[] }
  | {
      readonly ok: false
      readonly reason: Extract<RefusalReason, 'forged' | 'stale' | 'foreignToken' | 'keysUnavailable'>
      /** For the log, where the signature was good: nothing of an unsigned request is repeated. */
      readonly detail?: string
    }

export type Authenticate<S extends Signer> = (header: Header, body: Buffer, now: Time) => Promise<Authentication<S>>

/** A 4xx, or a 503 where the sender may try again. Each one is counted. */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly reason: RefusalReason
  /** For the sender. */
  readonly message: string
  /** For the log, with what else is known. */
  readonly log: string
  readonly fields?: object
  /** What failed here, for the log alone: a person must act. */
  readonly error?: unknown
  readonly retryAfter?: Duration
}

/** What a signed body comes to: the changes that it tells of, or why there are none. */
export type Reading =
  | { readonly kind: 'pong' }
  /** `withdrawn`: names of the config of which this sender will tell no more. */
  | { readonly kind: 'ignored'; readonly reason: string; readonly withdrawn?: readonly string[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'told'; readonly rows: readonly NewRow<'change'>[] }

/** One address that senders post to. */
export interface WebhookRoute<S extends Signer> {
  /** The last part of its path, `/webhooks/<path>`, by which refusals are counted. */
  readonly path: string
  /** The header that carries the signature, for messages. */
  readonly signatureHeader: string
  /** Undefined where the config has nobody who could sign: nothing is believed by default. */
  readonly authenticate: Authenticate<S> | undefined
  readonly read: (delivery: Delivery, speaksFor: readonly S[], now: Time) => Reading
}

export const refused = (refusal: Refusal): Reading => ({ kind: 'refused', refusal })

export const wrongShape = (reason: string): Reading =>
  refused({
    status: 422,
    code: 'usage',
    reason: 'wrongShape',
    message: reason,
    log: 'webhook refused: body of another shape',
    fields: { reason },
  })
