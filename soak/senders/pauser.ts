import { join } from 'node:path'
import { aboutRequest } from '../about.ts'
import type { Books } from '../booked.ts'
import { layGitGround } from '../git-ground.ts'
import { post } from '../post.ts'
import { below, pick, uuid, weighted } from '../random.ts'
import type { Answer, Delivery, Doorstep, Sender } from '../sender.ts'

const repository = 'paused-quinoa'
const pipeline = 'train'
/** What is paused: everything, or the pipeline alone. */
const places = [{ repository }, { repository, pipeline }]
type Place = (typeof places)[number]

/** A time in which nothing may be launched: from the answer to who paused it, to its end, or to the word that may have ended it. */
interface Rest {
  readonly place: Place
  readonly from: number
  to: number
}

const ask = (door: Doorstep, path: string, body: object): Promise<Answer> =>
  post(`${door.url}/api/v1/${path}`, { authorization: `Bearer ${door.token}` }, JSON.stringify(body))

/** Somebody who asks for runs, and pauses and resumes them meanwhile. What waited goes on in the end. */
export const pauser: Sender = {
  name: 'pauser',
  weight: 0.2,
  open: async ({ folder }) => {
    const { url } = await layGitGround(join(folder, `${repository}.git`), { commits: 1, events: 0 })
    const rests: Rest[] = []
    let speaking: Promise<unknown> = Promise.resolve()
    /** One word after the other, as one person speaks, so that it is known which pause holds; each may end the one before. */
    const say = (place: Place, speak: (at: number) => Promise<Answer>): Promise<Answer> => {
      const spoken = speaking.then(() => {
        const at = Date.now()
        for (const rest of rests) if (rest.place === place) rest.to = Math.min(rest.to, at)
        return speak(at)
      })
      speaking = spoken
      return spoken
    }
    const pause = (place: Place, lasts: number): Delivery['send'] => {
      return (door) =>
        say(place, async (at) => {
          const answer = await ask(door, 'pauses', { ...place, reason: 'the audit', lasts })
          if (answer.kind === 'acknowledged') rests.push({ place, from: Date.now(), to: at + lasts })
          return answer
        })
    }
    const resume = (place: Place): Delivery['send'] => {
      return (door) =>
        say(place, async () => {
          const answer = await ask(door, 'pauses/resume', place)
          // Nothing is paused there, or not any more.
          return answer.kind === 'refused' && answer.status === 400
            ? { kind: 'acknowledged', changes: undefined }
            : answer
        })
    }
    return {
      config: {
        repositories: {
          [repository]: { host: 'git', url, secrets: [{ env: 'WINNOW_SECRET_QUINOA' }], targets: ['local'] },
        },
      },
      secrets: { WINNOW_SECRET_QUINOA: 'what nobody signs the quinoa with' },
      next: (random, index) => {
        const parameters = { step: 1_000 + index }
        const wish = { kind: 'request', repository, pipeline, parameters, key: uuid(random) }
        const about = aboutRequest(pipeline, 'operator', parameters)
        const place = pick(random, places)
        const lasts = 2_000 + below(random, 6_000)
        const [happenings, send] = weighted<readonly [Delivery['happenings'], Delivery['send']]>(random, [
          [6, [[{ repository, about, outcomes: ['started'] }], (door) => ask(door, 'changes', wish)]],
          [2, [[], pause(place, lasts)]],
          [1, [[], resume(place)]],
        ])
        return { sender: 'pauser', happenings, send }
      },
      differences: (books) => pauseFaults(rests, books),
    }
  },
}

const pauseFaults = (rests: readonly Rest[], { runs, pauses }: Books): readonly string[] => [
  ...runs
    .filter((run) => run.repository === repository)
    .flatMap(({ id, launchedAt }) =>
      rests.some(({ from, to }) => launchedAt !== null && launchedAt > from && launchedAt < to)
        ? [`run ${id} was launched while it was paused`]
        : [],
    ),
  ...pauses
    .filter((pause) => pause.repository === repository && pause.state === 'paused')
    .map(({ id }) => `pause ${id} has not ended`),
]
