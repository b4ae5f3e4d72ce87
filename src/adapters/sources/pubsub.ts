import type { Message, PubSub, StatusError, Subscription as VendorSubscription } from '@google-cloud/pubsub'
import { PassThroughClient } from 'google-auth-library'
import { type Fault, messageOf } from '../../domain/errors.ts'
import type { PulledMessage, Subscription } from '../../domain/feed.ts'
import type { Duration } from '../../domain/time.ts'
import { refused, unavailable } from './calls.ts'

export interface PubsubOptions {
  /** `projects/P/subscriptions/S`. */
  readonly subscription: string
  /** Google's own where this is not given. Over plain http, which emulators speak, no token is sent. */
  readonly endpoint?: string | undefined
  /** A stream that has stood so long is open: nothing says so before a first message comes. Default 3 s. */
  readonly standsFor?: Duration
}

/** Handed over and not answered yet, at most. */
const mostMessages = 100
const mostBytes = 16 * 1024 * 1024
/** Messages under way at the end may take so long to be answered, and so long may saying so; what is left comes again. */
const longestEnd: Duration = 10_000

// gRPC's codes for what nobody mends by waiting.
const refusals: Readonly<Record<number, string>> = {
  3: 'Correct the name of the subscription in the config.',
  5: 'Make the subscription, or correct its name in the config.',
  7: 'Grant the account that Winnow runs as the role roles/pubsub.subscriber on the subscription.',
  9: 'A push subscription cannot be pulled: make one without a push endpoint.',
  16: 'Give Winnow an account: GOOGLE_APPLICATION_CREDENTIALS, workload identity, or the account of its machine.',
}

/**
 * A subscription of Google's Pub/Sub, pulled over a stream. The client itself tries for ever in silence when nobody
 * answers, so its stream ends here with the first thing that goes wrong, and whoever pulls begins again and can say so.
 */
export const createPubsubSubscription = (options: PubsubOptions): Subscription => {
  const { subscription: name, standsFor = 3_000 } = options
  return {
    pull: async (take, opened, signal) => {
      if (signal.aborted) return
      const client = await connect(options)
      const stream = client.subscription(name, await streamOptions())
      const underWay = new Set<Promise<void>>()
      const fault = await streamFor(stream, take, opened, standsFor, underWay, signal)
      await withinTime(Promise.all(underWay), longestEnd)
      await withinTime(stream.close(), longestEnd)
      stream.removeAllListeners()
      // Its channel may be what is broken: the next pull gets another.
      await withinTime(client.close(), longestEnd)
      if (fault !== undefined) throw faultOf(name, fault)
    },
  }
}

/** Loaded where somebody pulls: it costs a second and 50 MB. */
const library = () => import('@google-cloud/pubsub')

const connect = async ({ subscription, endpoint }: PubsubOptions): Promise<PubSub> => {
  const { PubSub } = await library()
  const projectId = subscription.split('/')[1] as string
  if (endpoint === undefined) return new PubSub({ projectId })
  const plain = endpoint.startsWith('http:')
  const authClient = plain ? { authClient: new PassThroughClient() } : {}
  return new PubSub({ projectId, apiEndpoint: endpoint, emulatorMode: plain, ...authClient })
}

const streamOptions = async () => {
  const { Duration, SubscriptionCloseBehaviors } = await library()
  return {
    flowControl: { maxMessages: mostMessages, maxBytes: mostBytes, allowExcessMessages: false },
    streamingOptions: { maxStreams: 1 },
    // Those that were begun have ended by then: the others go back at once.
    closeOptions: {
      behavior: SubscriptionCloseBehaviors.NackImmediately,
      timeout: Duration.from({ milliseconds: longestEnd }),
    },
  }
}

/** Hands over messages until the signal aborts, or something goes wrong: that comes back. */
const streamFor = (
  stream: VendorSubscription,
  take: Parameters<Subscription['pull']>[0],
  opened: () => void,
  standsFor: Duration,
  underWay: Set<Promise<void>>,
  signal: AbortSignal,
): Promise<unknown> =>
  new Promise((resolve) => {
    let ended = false
    const stands = setTimeout(opened, standsFor)
    const end = (fault?: unknown): void => {
      ended = true
      clearTimeout(stands)
      signal.removeEventListener('abort', abort)
      resolve(fault)
    }
    const abort = (): void => end()
    signal.addEventListener('abort', abort, { once: true })
    stream.on('error', end)
    // What the client would try again by itself.
    stream.on('debug', ({ error }) => error !== undefined && end(error))
    stream.on('message', (message: Message) => {
      if (ended) return message.nack()
      clearTimeout(stands)
      opened()
      const answered = take(toPulled(message)).then(
        (answer) => (answer === 'ack' ? message.ack() : message.nack()),
        () => message.nack(),
      )
      underWay.add(answered)
      void answered.then(() => underWay.delete(answered))
    })
  })

const toPulled = (message: Message): PulledMessage => ({
  id: message.id,
  publishedAt: message.publishTime.getTime(),
  attributes: message.attributes,
  data: message.data,
  deliveries: message.deliveryAttempt,
})

const faultOf = (name: string, error: unknown): Fault => {
  const code = (error as Partial<StatusError> | undefined)?.code
  const remedy = typeof code === 'number' ? refusals[code] : noAccount(error)
  return remedy === undefined ? unavailable(name, wordsOf(error), error) : refused(name, messageOf(error), remedy)
}

/** Of what the channel says when it cannot connect only the reason tells anything. */
const wordsOf = (error: unknown): string => {
  const [, reason] = /^No connection established\. Last error: (.*?)\.? Resolution note:/s.exec(messageOf(error)) ?? []
  if (reason === undefined) return messageOf(error)
  return reason === 'null' ? 'no connection can be made' : reason
}

const noAccount = (error: unknown): string | undefined =>
  /default credentials|invalid_grant/i.test(messageOf(error)) ? refusals[16] : undefined

/** Settles with the promise, or without it after the time: a client whose server is gone may never end. */
const withinTime = async (ending: Promise<unknown>, time: Duration): Promise<void> => {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, time)
  await Promise.race([ending.catch(() => {}), late.promise])
  clearTimeout(timer)
}
