import { PubSub } from '@google-cloud/pubsub'
import { PassThroughClient } from 'google-auth-library'
import { startPubsub } from '../test/emulators/programs.ts'

export interface TopicMessage {
  readonly attributes: Readonly<Record<string, string>>
  readonly data: Buffer
}

/** A topic of Pub/Sub with a subscription that is pulled. */
export interface PubsubTopic {
  /** `host:port`. */
  readonly address: string
  readonly project: string
  readonly topic: string
  /** `projects/P/subscriptions/S`. */
  readonly subscription: string
  /** Resolves with the message's id once Pub/Sub has it: from then on it is delivered until it is acknowledged. */
  readonly publish: (message: TopicMessage) => Promise<string>
  readonly close: () => Promise<void>
}

/** Google's own server for tests, which Winnow pulls from as it does from Google. */
export const openPubsubTopic = async (name: string): Promise<PubsubTopic> => {
  const server = await startPubsub()
  const project = 'acme'
  const client = new PubSub({
    projectId: project,
    apiEndpoint: `http://${server.url}`,
    emulatorMode: true,
    authClient: new PassThroughClient(),
  })
  const [topic] = await client.createTopic(name)
  const subscription = `projects/${project}/subscriptions/${name}`
  await topic.createSubscription(subscription)
  return {
    address: server.url,
    project,
    topic: name,
    subscription,
    publish: ({ attributes, data }) => topic.publishMessage({ attributes: { ...attributes }, data }),
    close: async () => {
      await client.close()
      await server.stop()
    },
  }
}
