import type { SourceKind } from '../../domain/data-address.ts'
import type { NewsTranslation } from '../../events/object-news.ts'
import type { Authenticate, Delivery, Signer } from '../route.ts'

/** A source of data that the config names, as far as webhooks care. */
export interface WebhookSource extends Signer {
  readonly kind: SourceKind
  /** What it may speak for. */
  readonly addresses: readonly string[]
  /** Winnow's names of the repositories that hear of it. */
  readonly repositories: readonly string[]
  /** Whose token Google signs, for which audience. */
  readonly push?: { readonly audience: string; readonly email: string }
  /** One, or two while one is rotated; none for sources that Google signs for. */
  readonly secrets: readonly string[]
}

/** One way in which sources tell of objects: how it signs, and what its bodies mean. */
export interface DataSender {
  /** The last part of its route, `/webhooks/<path>`. */
  readonly path: 'pubsub' | 'eventarc' | 's3' | 'events'
  /** The header that carries the signature, for messages. */
  readonly signatureHeader: string
  /** Whether the config lets a source be told of this way. */
  readonly speaksFor: (source: WebhookSource) => boolean
  /** Faults: config_invalid for secrets that are not whole. */
  readonly authenticator: (sources: readonly WebhookSource[]) => Authenticate<WebhookSource>
  /** Total: whatever the body is, one of these comes back. */
  readonly translate: (delivery: Delivery) => NewsTranslation | { readonly kind: 'pong' }
}
