import { join } from 'node:path'
import type { Books } from '../booked.ts'
import { type Done, nextDeed, notification } from '../bucket-deeds.ts'
import { openCloudBucket } from '../cloud-bucket.ts'
import { layGitGround } from '../git-ground.ts'
import { gathering } from '../pipelines.ts'
import { answerOf } from '../post.ts'
import { openPubsubTopic, type TopicMessage } from '../pubsub-topic.ts'
import { pick, type Random, uuid } from '../random.ts'
import type { Delivery, Happening, Sender } from '../sender.ts'

const place = { repository: 'pulled-emmer', bucket: 'acme-emmer' }
const { repository, bucket } = place
const sender = 'Pub/Sub pull and poll'

/**
 * A bucket of Cloud Storage that tells Pub/Sub of its objects, which Winnow pulls; it lists the bucket, too. Copies are
 * told by a message of their own. Some messages are no use to anybody: they are kept for people, and become no change.
 */
export const pulledBucket: Sender = {
  name: sender,
  weight: 1,
  needsEmulators: true,
  open: async ({ folder }) => {
    const topic = await openPubsubTopic('emmer')
    const store = await openCloudBucket(bucket, { pubsub: topic.address, project: topic.project, topic: topic.topic })
    const more = gathering(`gs://${bucket}/incoming/*.csv`)
    const { url } = await layGitGround(join(folder, `${repository}.git`), { commits: 1, events: 0, more })
    /** Ids of messages that are no use. */
    const useless: string[] = []

    const act = (random: Random, index: number): Delivery => {
      const deed = nextDeed(random, index, place)
      let doing: Promise<Done> | undefined
      let happenings: readonly Happening[] = []
      return {
        sender,
        // The bucket numbers its objects itself.
        get happenings() {
          return happenings
        },
        send: () =>
          answerOf(async () => {
            const isFirst = doing === undefined
            doing ??= deed(store)
            const done = await doing
            happenings = done.happenings
            if (!isFirst) await Promise.all(done.messages.map(topic.publish))
          }),
      }
    }
    const tellUseless = (random: Random): Delivery => {
      const message = uselessMessage(random)
      const send = () => answerOf(async () => void useless.push(await topic.publish(message)))
      return { sender, happenings: [], send }
    }
    return {
      config: {
        repositories: {
          [repository]: { host: 'git', url, secrets: [{ env: 'WINNOW_SECRET_EMMER' }], targets: ['local'] },
        },
        sources: {
          [bucket]: {
            kind: 'gcs',
            addresses: [`gs://${bucket}/`],
            repositories: [repository],
            endpoint: store.endpoint,
            poll: '10s',
            pull: { subscription: topic.subscription, endpoint: `http://${topic.address}` },
          },
        },
      },
      secrets: { WINNOW_SECRET_EMMER: 'what nobody signs the emmer with' },
      next: (random, index) => (random() < 0.05 ? tellUseless(random) : act(random, index)),
      differences: (books) => keptFaults(useless, books),
      close: async () => {
        await store.close()
        await topic.close()
      },
    }
  },
}

/** One that nobody can read, or that is of another bucket. */
const uselessMessage = (random: Random): TopicMessage =>
  pick(random, [
    { attributes: { from: 'somebody' }, data: Buffer.from(uuid(random)) },
    notification('somebody-elses', 'written', { name: `incoming/${uuid(random)}.csv`, generation: '1', size: 1 }),
  ])

/** Each message that is no use is kept once, and no other. */
const keptFaults = (useless: readonly string[], { refusedMessages }: Books): readonly string[] => {
  const kept = refusedMessages.filter(({ source }) => source === bucket).map(({ id }) => id)
  return [
    ...useless.filter((id) => !kept.includes(id)).map((id) => `the message ${id}, which is no use, was not kept`),
    ...kept.filter((id) => !useless.includes(id)).map((id) => `the message ${id} was refused, and is good`),
  ]
}
