import { join } from 'node:path'
import { aboutRequest, aboutUpstream } from '../about.ts'
import { layGitGround } from '../git-ground.ts'
import { post } from '../post.ts'
import { uuid } from '../random.ts'
import type { Sender } from '../sender.ts'

const [mill, bakery] = ['upstream-flour', 'downstream-bread']
const pipeline = 'train'

const repositoryOf = (url: string, more: object = {}): object => ({
  host: 'git',
  url,
  secrets: [{ env: 'WINNOW_SECRET_FLOUR' }],
  targets: ['local'],
  ...more,
})

/** Runs that somebody asks for of one repository; another one waits for each of them to succeed. */
export const upstream: Sender = {
  name: 'upstream',
  weight: 0.15,
  open: async ({ folder }) => {
    const options = { commits: 1, events: 0 }
    const above = await layGitGround(join(folder, `${mill}.git`), options)
    const on = { upstream: { repository: mill, pipeline } }
    const below = await layGitGround(join(folder, `${bakery}.git`), {
      ...options,
      more: { pipelines: { bake: { ir: 'pipeline.json', on } } },
    })
    return {
      config: {
        repositories: {
          [mill]: repositoryOf(above.url),
          [bakery]: repositoryOf(below.url, { upstream: [mill] }),
        },
      },
      secrets: { WINNOW_SECRET_FLOUR: 'what nobody signs the flour with' },
      next: (random, index) => {
        const parameters = { step: 1_000 + index }
        const wish = { kind: 'request', repository: mill, pipeline, parameters, key: uuid(random) }
        const about = aboutRequest(pipeline, 'operator', parameters)
        return {
          sender: 'upstream',
          happenings: [
            { repository: mill, about, outcomes: ['started'] },
            // What follows from it; of several that wait only the newest is worth a run.
            { repository: bakery, about: aboutUpstream(pipeline, about), outcomes: ['started', 'superseded'] },
          ],
          send: (door) =>
            post(`${door.url}/api/v1/changes`, { authorization: `Bearer ${door.token}` }, JSON.stringify(wish)),
        }
      },
    }
  },
}
