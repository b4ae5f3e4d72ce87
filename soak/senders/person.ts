import { join } from 'node:path'
import { aboutRequest } from '../about.ts'
import { layGitGround } from '../git-ground.ts'
import { post } from '../post.ts'
import { hexDigits, pick, uuid } from '../random.ts'
import type { Doorstep, Sender } from '../sender.ts'

const repository = 'asked-millet'
const pipeline = 'train'

const ask = (door: Doorstep, token: string, body: object) =>
  post(`${door.url}/api/v1/changes`, { authorization: `Bearer ${token}` }, JSON.stringify(body))

/** Somebody who asks for runs by the API, each time with other parameters; the same key again is the same wish. */
export const person: Sender = {
  name: 'person',
  weight: 0.2,
  open: async ({ folder }) => {
    const { url } = await layGitGround(join(folder, `${repository}.git`), { commits: 1, events: 0 })
    return {
      config: {
        repositories: {
          [repository]: { host: 'git', url, secrets: [{ env: 'WINNOW_SECRET_ASKED' }], targets: ['local'] },
        },
      },
      secrets: { WINNOW_SECRET_ASKED: 'what nobody signs what is asked for with' },
      next: (random, index) => {
        const parameters = { step: 1_000 + index }
        const wish = { kind: 'request', repository, pipeline, parameters, key: uuid(random) }
        return {
          sender: 'person',
          happenings: [{ repository, about: aboutRequest(pipeline, 'operator', parameters), outcomes: ['started'] }],
          send: (door) => ask(door, door.token, wish),
        }
      },
      forge: (random) => {
        const [how, refusal] = pick(random, [
          ['no token of anybody', 401],
          ['unknown repository', 404],
        ] as const)
        const wish = { kind: 'request', repository, pipeline, key: uuid(random) }
        const guess = hexDigits(random, 43)
        return {
          sender: 'person',
          how,
          refusals: [refusal],
          send: (door) =>
            refusal === 401 ? ask(door, guess, wish) : ask(door, door.token, { ...wish, repository: 'nobodys' }),
        }
      },
    }
  },
}
