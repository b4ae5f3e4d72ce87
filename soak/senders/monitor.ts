import { join } from 'node:path'
import { aboutWorsened } from '../about.ts'
import { layGitGround } from '../git-ground.ts'
import { post } from '../post.ts'
import { hexDigits, pick, uuid, weighted } from '../random.ts'
import type { Doorstep, Outcome, Sender } from '../sender.ts'

const repository = 'watched-buckwheat'
const [monitorToken, readerToken] = ['what-the-monitor-shows', 'what-somebody-shows-who-may-only-read']

const tell = (door: Doorstep, token: string, body: object) =>
  post(`${door.url}/api/v1/changes`, { authorization: `Bearer ${token}` }, JSON.stringify(body))

/** Who watches a model and tells by the API that it drifted or got worse. */
export const monitor: Sender = {
  name: 'monitor',
  weight: 0.2,
  open: async ({ folder }) => {
    const environment = 'prod'
    const on = { drift: { environment, cooldown: '1s' }, degraded: { environment, cooldown: '1s' } }
    const { url } = await layGitGround(join(folder, `${repository}.git`), {
      commits: 1,
      events: 0,
      more: {
        pipelines: { again: { ir: 'pipeline.json', model: 'buckwheat', policy: 'policy.yaml', on } },
        environments: { [environment]: { target: 'local' } },
      },
      // Its runs make no model, so nothing is judged good and nothing is released.
      files: { 'policy.yaml': 'version: 1\nmodel: buckwheat\ngates:\n  good: {metric: accuracy, atLeast: 0.9}\n' },
    })
    return {
      config: {
        repositories: {
          [repository]: {
            host: 'git',
            url,
            secrets: [{ env: 'WINNOW_SECRET_WATCHED' }],
            targets: ['local'],
            environments: [environment],
          },
        },
        people: {
          monitor: { groups: ['monitors'], token: { env: 'WINNOW_SECRET_MONITOR' } },
          reader: { groups: [], token: { env: 'WINNOW_SECRET_READER' } },
        },
      },
      secrets: {
        WINNOW_SECRET_WATCHED: 'what nobody signs the buckwheat with',
        WINNOW_SECRET_MONITOR: monitorToken,
        WINNOW_SECRET_READER: readerToken,
      },
      next: (random, index) => {
        const kind = pick(random, ['drift', 'degraded'] as const)
        // Of a model that is being made again, or was a moment ago, the news is none.
        const [model, ...outcomes] = weighted<readonly [string, ...Outcome[]]>(random, [
          [3, ['buckwheat', 'started', 'ignored']],
          [1, ['nobodys', 'ignored']],
        ])
        const at = 1_790_000_000_000 + index
        const news = { kind, repository, environment, model, metric: 'psi', value: random(), threshold: 0.2, at }
        const about = aboutWorsened(kind, model, environment, 'psi', at)
        return {
          sender: 'monitor',
          happenings: [{ repository, about, outcomes }],
          send: (door) => tell(door, monitorToken, news),
        }
      },
      forge: (random) => {
        const [how, refusal] = pick(random, [
          ['no token of anybody', 401],
          ['who may not tell', 403],
        ] as const)
        const guess = hexDigits(random, 43)
        const key = uuid(random)
        const news = {
          kind: 'drift',
          repository,
          environment,
          model: 'buckwheat',
          metric: 'psi',
          value: 1,
          threshold: 0,
        }
        return {
          sender: 'monitor',
          how,
          refusals: [refusal],
          send: (door) => tell(door, refusal === 401 ? guess : readerToken, { ...news, at: 1, key }),
        }
      },
    }
  },
}
