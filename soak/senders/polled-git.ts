import { join } from 'node:path'
import { aboutPush } from '../about.ts'
import { layGitGround } from '../git-ground.ts'
import { hmac } from '../git-sender.ts'
import { answerOf, post } from '../post.ts'
import { pick, uuid, weighted } from '../random.ts'
import type { Doorstep, Outcome, Sender } from '../sender.ts'

const repository = 'polled-farro'
const secret = 'what the hook signs the farro with'
const zeros = '0'.repeat(40)
/** What was there at Winnow's first look is no news; on a busy machine that may be so long after the start. */
const firstLook = 180_000

/** Pushes that their host does not deliver, but every third: Winnow asks git for them, and those it was told of are no news. */
export const polledGit: Sender = {
  name: 'git poll',
  weight: 0.4,
  open: async ({ folder }) => {
    const ground = await layGitGround(join(folder, `${repository}.git`), { commits: 3, events: 0 })
    const tell = (door: Doorstep, ref: string, commit: string, delivery: string) => {
      const refs = [{ ref, before: zeros, after: commit }]
      const body = JSON.stringify({ delivery, repository, pusher: 'grower', sentAt: '2026-11-02T10:00:00.000Z', refs })
      return post(
        `${door.url}/webhooks/git`,
        { 'x-winnow-signature-256': `sha256=${hmac(secret, Buffer.from(body))}` },
        body,
      )
    }
    const start = Date.now()
    return {
      config: {
        repositories: {
          [repository]: {
            host: 'git',
            url: ground.url,
            secrets: [{ env: 'WINNOW_SECRET_FARRO' }],
            targets: ['local'],
            poll: '10s',
          },
        },
      },
      secrets: { WINNOW_SECRET_FARRO: secret },
      next: (random, index) => {
        const [ref, outcome] = weighted<readonly [string, Outcome]>(random, [
          [9, [`refs/heads/feature/${index}`, 'ignored']],
          [1, [`refs/tags/v${index}`, 'started']],
        ])
        const commit = pick(random, ground.good)
        const id = uuid(random)
        const tells = index % 3 === 0
        let pushedAt = 0
        return {
          sender: 'git poll',
          get happenings() {
            const unsure = !tells && pushedAt - start < firstLook
            const happening = { repository, about: aboutPush(ref, zeros, commit), outcomes: [outcome] }
            return [unsure ? { ...happening, unsure } : happening]
          },
          send: async (door) => {
            pushedAt ||= door.now
            const pushed = await answerOf(() => ground.setRef(ref, commit))
            return tells && pushed.kind === 'acknowledged' ? tell(door, ref, commit, id) : pushed
          },
        }
      },
    }
  },
}
