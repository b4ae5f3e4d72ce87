import { containsAddress } from '../../domain/data-address.ts'
import { dataChange } from '../../domain/data-change.ts'
import type { Answer, FeedLedger, FeedName, PulledMessage } from '../../domain/feed.ts'
import type { Store } from '../../domain/ports/store.ts'
import type { Time } from '../../domain/time.ts'
import { translatePubsubMessage } from '../../events/pubsub-message.ts'
import type { Log } from '../../log.ts'

export interface TakePorts {
  readonly store: Pick<Store, 'recordChange'> & Pick<FeedLedger, 'keepRefused'>
  readonly now: () => Time
  readonly log: Log
}

/** A source whose messages are pulled. */
export interface PulledSource {
  readonly name: string
  readonly addresses: readonly string[]
  readonly repositories: readonly string[]
}

export interface Taken {
  readonly answer: Answer
  /** Changes that were new. */
  readonly told: number
  readonly refused: number
}

/** Of a refused message so much is kept. */
const longestBody = 16_384

/**
 * A message of a source: its news is recorded, for each repository, before it is acknowledged. One that nobody can read
 * is kept, and goes to the subscription's dead letters, if it has any; else it does not come again. What is told of an
 * address that the source does not speak for is kept, too. Rejects where the store takes nothing: then it must come
 * again.
 */
export const takeNews = async (ports: TakePorts, source: PulledSource, message: PulledMessage): Promise<Taken> => {
  const { store, now, log } = ports
  const translation = translatePubsubMessage(message)
  if (translation.kind === 'ignored') return { answer: 'ack', told: 0, refused: 0 }
  if (translation.kind === 'invalid') {
    const isNew = await keep(ports, { source: source.name, kind: 'pull' }, message, translation.reason)
    if (isNew)
      log.warn({ source: source.name, message: message.id, reason: translation.reason }, 'a message was refused')
    return { answer: message.deliveries > 0 ? 'nack' : 'ack', told: 0, refused: isNew ? 1 : 0 }
  }
  const foreign = translation.news.find(
    ({ object }) => !source.addresses.some((allowed) => containsAddress(allowed, object.uri)),
  )
  if (foreign !== undefined) {
    const reason = `${foreign.object.uri} lies in none of the addresses of the source`
    const isNew = await keep(ports, { source: source.name, kind: 'pull' }, message, reason)
    return { answer: 'ack', told: 0, refused: isNew ? 1 : 0 }
  }
  const recorded = await Promise.all(
    source.repositories.flatMap((repository) =>
      translation.news.map(({ object, event }) =>
        store.recordChange(dataChange({ repository, pipeline: null, sender: 'pubsub', object, event, at: now() })),
      ),
    ),
  )
  return { answer: 'ack', told: recorded.filter(({ duplicate }) => !duplicate).length, refused: 0 }
}

/** A message that its subscription gave up: kept for people, with what it says as far as anybody can read it. */
export const takeDeadLetter = async (
  ports: TakePorts,
  source: PulledSource,
  message: PulledMessage,
): Promise<Taken> => {
  const translation = translatePubsubMessage(message)
  const reason =
    translation.kind === 'news'
      ? `nobody took it in all its deliveries: ${translation.news.map(({ object, event }) => `${object.uri} ${event}`).join(', ')}`
      : translation.reason
  const isNew = await keep(ports, { source: source.name, kind: 'deadLetters' }, message, reason)
  return { answer: 'ack', told: 0, refused: isNew ? 1 : 0 }
}

const keep = ({ store, now }: TakePorts, feed: FeedName, message: PulledMessage, reason: string): Promise<boolean> =>
  store.keepRefused({
    ...feed,
    id: message.id,
    at: now(),
    publishedAt: message.publishedAt,
    reason,
    attributes: message.attributes,
    body: new TextDecoder().decode(message.data.subarray(0, longestBody)),
  })
