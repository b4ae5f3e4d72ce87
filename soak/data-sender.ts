import { join } from 'node:path'
import { openBucketServer } from './bucket-server.ts'
import { layGitGround } from './git-ground.ts'
import { type BucketWords, nextObjectEvent, type ObjectEvent } from './object-events.ts'
import { gathering } from './pipelines.ts'
import { post } from './post.ts'
import { pick, uuid } from './random.ts'
import type { Delivery, Forgery, Sender } from './sender.ts'

export interface Said {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** One way in which a bucket tells of its objects. */
export interface Way {
  readonly name: string
  /** Of the address that it posts to. */
  readonly path: string
  /** `id` is the event's; `at` is when it is sent. */
  readonly say: (event: ObjectEvent, id: string, at: number) => Said
}

/** A way that is not to be believed. */
export interface ForgedWay extends Way {
  readonly how: string
  readonly refusals: readonly number[]
  /** Winnow's word for the reason. */
  readonly reason: string
}

export interface DataWords extends BucketWords {
  readonly name: string
  readonly weight: number
  /** The source's own keys of the config, besides its addresses and repositories. */
  readonly source: object
  readonly secrets: Readonly<Record<string, string>>
  /** Beside the source. */
  readonly google?: object
  /** Each tells of the same objects, and copies come by turns: whoever tells, it is one change. */
  readonly ways: readonly Way[]
  readonly forged: readonly ForgedWay[]
  readonly close?: () => Promise<void>
}

/** A bucket whose objects several repositories may hear of. */
export const dataSender = (name: string, weight: number, prepare: () => Promise<DataWords>): Sender => ({
  name,
  weight,
  open: async ({ folder }) => {
    const words = await prepare()
    const server = await openBucketServer()
    const { scheme, bucket, ways, forged, google, close } = words
    const secrets = Object.fromEntries(
      words.repositories.map((repository) => [
        `WINNOW_SECRET_${repository.toUpperCase().replaceAll('-', '_')}`,
        `what nobody signs ${repository} with`,
      ]),
    )
    const grounds = await Promise.all(
      words.repositories.map(async (repository) => {
        const data = `${scheme}://${bucket}/incoming/*.csv`
        const { url } = await layGitGround(join(folder, `${repository}.git`), {
          commits: 1,
          events: 0,
          more: gathering(data),
        })
        const secret = { env: `WINNOW_SECRET_${repository.toUpperCase().replaceAll('-', '_')}` }
        return [repository, { host: 'git', url, secrets: [secret], targets: ['local'] }] as const
      }),
    )
    return {
      config: {
        repositories: Object.fromEntries(grounds),
        sources: {
          [bucket]: {
            ...words.source,
            endpoint: server.endpoint,
            addresses: [`${scheme}://${bucket}/`],
            repositories: words.repositories,
          },
        },
        ...(google === undefined ? {} : { google }),
      },
      secrets: { ...secrets, ...words.secrets },
      next: (random, index): Delivery => {
        const { event, happenings } = nextObjectEvent(random, index, words)
        const id = uuid(random)
        const first = pick(random, ways)
        return {
          sender: first.name,
          happenings,
          send: (door) => {
            server.put(event)
            const way = ways[(ways.indexOf(first) + door.copy) % ways.length] ?? first
            const { headers, body } = way.say(event, id, door.now)
            return post(`${door.url}/webhooks/${way.path}`, headers, body)
          },
        }
      },
      forge: (random, index): Forgery => {
        const way = pick(random, forged)
        const { event } = nextObjectEvent(random, index, words)
        const id = uuid(random)
        return {
          sender: way.name,
          how: way.how,
          refusals: way.refusals,
          counted: { sender: way.path, reason: way.reason },
          send: (door) => {
            // Whatever it tells of, it is told as something that would be recorded.
            const { headers, body } = way.say({ ...event, kind: 'written' }, id, door.now)
            return post(`${door.url}/webhooks/${way.path}`, headers, body)
          },
        }
      },
      close: async () => {
        await server.close()
        await close?.()
      },
    }
  },
})
