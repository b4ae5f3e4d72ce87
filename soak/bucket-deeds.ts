import { aboutData, objectKey } from './about.ts'
import type { CloudBucket, WrittenObject } from './cloud-bucket.ts'
import type { TopicMessage } from './pubsub-topic.ts'
import { below, hexDigits, type Random, weighted } from './random.ts'
import type { Happening, Outcome } from './sender.ts'

export interface Done {
  readonly happenings: readonly Happening[]
  /** What the bucket tells its topic of it, to be told again. */
  readonly messages: readonly TopicMessage[]
}

/** What somebody does to a bucket, and what must come of it. */
export type Deed = (bucket: Pick<CloudBucket, 'put' | 'remove'>) => Promise<Done>

export interface BucketPlace {
  readonly repository: string
  readonly bucket: string
}

/**
 * The deed number `index`: most objects are written once, some are written anew or deleted at once. The older generation
 * may be in a manifest, where it was gathered in time, and the newer one must be.
 */
export const nextDeed = (random: Random, index: number, place: BucketPlace): Deed => {
  const text = (): string => `${hexDigits(random, 8)}\n`.repeat(1 + below(random, 20))
  const [first, second] = [text(), text()]
  const incoming = `incoming/${index}.csv`
  const told = (event: ObjectEvent, object: WrittenObject, outcomes: readonly Outcome[], lasts?: boolean): Done => ({
    happenings: [happeningOf(place, event, object, outcomes, lasts)],
    messages: [notification(place.bucket, event, object)],
  })
  return weighted<Deed>(random, [
    [60, async ({ put }) => told('written', await put(incoming, first), ['batched'], true)],
    [25, async ({ put }) => told('written', await put(`elsewhere/${index}.bin`, first), ['ignored'])],
    [
      8,
      async ({ put }) => {
        const [older, newer] = [await put(incoming, first), await put(incoming, second)]
        return both(told('written', older, ['batched', 'ignored'], false), told('written', newer, ['batched'], true))
      },
    ],
    [
      7,
      async ({ put, remove }) => {
        const object = await put(incoming, first)
        await remove(incoming)
        const either = ['batched', 'ignored'] as const
        return both(told('written', object, either, false), told('deleted', object, either))
      },
    ],
  ])
}

type ObjectEvent = 'written' | 'deleted'

const both = (one: Done, other: Done): Done => ({
  happenings: [...one.happenings, ...other.happenings],
  messages: [...one.messages, ...other.messages],
})

const happeningOf = (
  { repository, bucket }: BucketPlace,
  event: ObjectEvent,
  { name, generation }: WrittenObject,
  outcomes: readonly Outcome[],
  lasts: boolean | undefined,
): Happening => {
  const uri = `gs://${bucket}/${name}`
  const object = lasts === undefined ? {} : { object: { key: objectKey(uri, generation), lasts } }
  return { repository, about: aboutData(uri, event, generation), outcomes, ...object }
}

/** As Cloud Storage tells Pub/Sub of an object. */
export const notification = (bucket: string, event: ObjectEvent, object: WrittenObject): TopicMessage => {
  const { name, generation, size } = object
  return {
    attributes: {
      bucketId: bucket,
      objectId: name,
      objectGeneration: generation,
      eventType: event === 'written' ? 'OBJECT_FINALIZE' : 'OBJECT_DELETE',
      payloadFormat: 'JSON_API_V1',
    },
    data: Buffer.from(JSON.stringify({ kind: 'storage#object', bucket, name, generation, size: String(size) })),
  }
}
