import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { aboutData, objectKey } from '../about.ts'
import { layGitGround } from '../git-ground.ts'
import { openObjectStore } from '../object-store.ts'
import { gathering } from '../pipelines.ts'
import { answerOf, post } from '../post.ts'
import { below, hexDigits } from '../random.ts'
import type { Doorstep, Sender } from '../sender.ts'

const [repository, bucket] = ['polled-durum', 'acme-durum']
const secret = 'what-the-store-carries-for-the-durum'

/** What MinIO posts of an object in a bucket without versions. */
const notificationOf = (name: string, etag: string, size: number): string =>
  JSON.stringify({
    Records: [
      {
        eventName: 's3:ObjectCreated:Put',
        eventTime: '2026-11-02T10:00:00.000Z',
        s3: { bucket: { name: bucket }, object: { key: encodeURIComponent(name), size, eTag: etag } },
      },
    ],
  })

/** A store that speaks S3, whose bucket Winnow lists; of every third object it tells, too, and that is no second change. */
export const polledStore: Sender = {
  name: 'S3 poll',
  weight: 0.5,
  needsEmulators: true,
  open: async ({ folder }) => {
    const store = await openObjectStore(bucket)
    const more = gathering(`s3://${bucket}/incoming/*.csv`)
    const { url } = await layGitGround(join(folder, `${repository}.git`), { commits: 1, events: 0, more })
    const tell = (door: Doorstep, body: string) =>
      post(`${door.url}/webhooks/s3`, { authorization: `Bearer ${secret}` }, body)
    return {
      config: {
        repositories: {
          [repository]: { host: 'git', url, secrets: [{ env: 'WINNOW_SECRET_DURUM' }], targets: ['local'] },
        },
        sources: {
          [bucket]: {
            kind: 's3',
            addresses: [`s3://${bucket}/`],
            repositories: [repository],
            endpoint: store.endpoint,
            poll: '10s',
            secrets: [{ env: 'WINNOW_SECRET_DURUM_STORE' }],
            credentials: {
              accessKeyId: { env: 'WINNOW_SECRET_DURUM_ID' },
              secretAccessKey: { env: 'WINNOW_SECRET_DURUM_KEY' },
            },
          },
        },
      },
      secrets: {
        WINNOW_SECRET_DURUM: 'what nobody signs the durum with',
        WINNOW_SECRET_DURUM_STORE: secret,
        WINNOW_SECRET_DURUM_ID: store.credentials.accessKeyId,
        WINNOW_SECRET_DURUM_KEY: store.credentials.secretAccessKey,
      },
      next: (random, index) => {
        const watched = random() < 0.8
        const name = watched ? `incoming/${index}.csv` : `elsewhere/${index}.bin`
        const text = `${hexDigits(random, 16)}\n`.repeat(1 + below(random, 20))
        const etag = createHash('md5').update(text).digest('hex')
        const generation = `${etag}:${text.length}`
        const uri = `s3://${bucket}/${name}`
        const happening = {
          repository,
          about: aboutData(uri, 'written', generation),
          outcomes: ['batched'],
          object: { key: objectKey(uri, generation), lasts: true },
        } as const
        const tells = watched && index % 3 === 0
        return {
          sender: 'S3 poll',
          happenings: watched ? [happening] : [],
          send: async (door) => {
            const written = await answerOf(() => store.put(name, text))
            return tells && written.kind === 'acknowledged'
              ? tell(door, notificationOf(name, etag, text.length))
              : written
          },
        }
      },
      close: store.close,
    }
  },
}
