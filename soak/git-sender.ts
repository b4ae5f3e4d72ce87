import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { type GitEvent, nextGitEvent, type Vocabulary } from './git-events.ts'
import { layGitGround } from './git-ground.ts'
import { post } from './post.ts'
import { hexDigits, pick, type Random, uuid } from './random.ts'
import type { Delivery, Doorstep, Forgery, Sender } from './sender.ts'

export type Headers = Readonly<Record<string, string>>

/** How one kind of host speaks. */
export interface GitHostWords {
  readonly name: string
  readonly weight: number
  /** Winnow's name of the repository; its webhook is of this kind of host. */
  readonly repository: string
  readonly host: string
  readonly fullName?: string
  readonly secret: string
  readonly can: Vocabulary
  /** The body, and the headers that say what it is. `id` is new for each event. */
  readonly say: (event: GitEvent, id: string, fullName: string) => { readonly body: object; readonly labels: Headers }
  /** `id` is the event's, `copy` counts how often it was sent. */
  readonly sign: (secret: string, body: Buffer, at: number, id: string) => Headers
  /** The id of a delivery, which hosts change or keep when they send again. */
  readonly number?: (id: string, copy: number) => Headers
  /** Why else it may be refused: signed so long ago (milliseconds). */
  readonly staleAfter?: number
  /** False where the signature is no signature but a secret that is sent along: it says nothing of the body. */
  readonly signsBody?: boolean
  /** The secret of another repository of the same kind of host. */
  readonly othersSecret?: string
}

export const hmac = (secret: string, body: Buffer): string => createHmac('sha256', secret).update(body).digest('hex')

/** A host with one real repository, whose hooks tell of pushes, pull requests and releases. */
export const gitSender = (words: GitHostWords): Sender => ({
  name: words.name,
  weight: words.weight,
  open: async ({ folder, deliveries }) => {
    const commits = Math.min(12, 3 + Math.floor(deliveries / 1_000))
    const ground = await layGitGround(join(folder, `${words.repository}.git`), { commits, events: deliveries })
    const fullName = words.fullName ?? words.repository

    const make = (random: Random, index: number, named = fullName) => {
      const told = nextGitEvent(random, index, words.repository, ground, words.can)
      const id = uuid(random)
      const { body, labels } = words.say(told.event, id, named)
      return { ...told, id, body: Buffer.from(JSON.stringify(body)), labels }
    }
    const send = (door: Doorstep, labels: Headers, id: string, body: Buffer, signature: Headers) =>
      post(`${door.url}/webhooks/${words.host}`, { ...labels, ...words.number?.(id, door.copy), ...signature }, body)

    return {
      config: {
        repositories: {
          [words.repository]: {
            host: words.host,
            url: ground.url,
            ...(words.fullName === undefined ? {} : { fullName }),
            secrets: [{ env: secretVariable(words.repository) }],
            targets: ['local'],
          },
        },
      },
      secrets: { [secretVariable(words.repository)]: words.secret },
      next: (random, index): Delivery => {
        const { happenings, id, body, labels } = make(random, index)
        return {
          sender: words.name,
          happenings,
          send: (door) => send(door, labels, id, body, words.sign(words.secret, body, door.now, id)),
        }
      },
      forge: (random, index): Forgery => {
        const how = pick(random, waysToForge(words))
        const { id, body, labels } = make(random, index, how === 'unknown repository' ? elsewhere(fullName) : fullName)
        const guess = words.secret.startsWith('whsec_') ? `whsec_${hexDigits(random, 48)}` : hexDigits(random, 32)
        const sign = (at: number): Headers => {
          if (how === 'no signature') return {}
          if (how === 'wrong signature') return words.sign(guess, body, at, id)
          if (how === 'signed too long ago') return words.sign(words.secret, body, at - 2 * (words.staleAfter ?? 0), id)
          if (how === "another repository's secret") return words.sign(words.othersSecret ?? guess, body, at, id)
          return words.sign(words.secret, body, at, id)
        }
        const sent = how === 'body tampered with' ? Buffer.from(`${body} `) : body
        return {
          sender: words.name,
          how,
          ...refusalOf(how, words.host),
          send: (door) => send(door, labels, id, sent, sign(door.now)),
        }
      },
    }
  },
})

const waysToForge = ({ signsBody, staleAfter, othersSecret }: GitHostWords): readonly string[] => [
  'no signature',
  'wrong signature',
  'unknown repository',
  ...(signsBody === false ? [] : ['body tampered with']),
  ...(staleAfter === undefined ? [] : ['signed too long ago']),
  ...(othersSecret === undefined ? [] : ["another repository's secret"]),
]

/** What is well signed is refused for what it says. */
const refusalOf = (how: string, sender: string): Pick<Forgery, 'refusals' | 'counted'> => {
  if (how === 'unknown repository' || how === "another repository's secret")
    return { refusals: [404], counted: { sender, reason: 'unknownRepository' } }
  return { refusals: [401], counted: { sender, reason: how === 'signed too long ago' ? 'stale' : 'forged' } }
}

const elsewhere = (fullName: string): string => `${fullName}-of-somebody`

/** The environment variable that has a repository's secret. */
const secretVariable = (repository: string): string => `WINNOW_SECRET_${repository.toUpperCase().replaceAll('-', '_')}`
