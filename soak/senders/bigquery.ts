import { join } from 'node:path'
import { aboutData, objectKey } from '../about.ts'
import { layGitGround } from '../git-ground.ts'
import { gathering } from '../pipelines.ts'
import { answerOf } from '../post.ts'
import { below } from '../random.ts'
import type { Sender } from '../sender.ts'
import { openTableServer } from '../table-server.ts'

const repository = 'tabled-amaranth'
const dataset = 'acme.harvest'

/** Tables of BigQuery that somebody loads. They tell nothing: Winnow asks when they were last modified. */
export const bigquery: Sender = {
  name: 'BigQuery poll',
  weight: 0.3,
  open: async ({ folder }) => {
    const server = await openTableServer('acme', 'harvest')
    const more = gathering(`bq://${dataset}.day_*`)
    const { url } = await layGitGround(join(folder, `${repository}.git`), { commits: 1, events: 0, more })
    return {
      config: {
        repositories: {
          [repository]: { host: 'git', url, secrets: [{ env: 'WINNOW_SECRET_AMARANTH' }], targets: ['local'] },
        },
        sources: {
          harvest: {
            kind: 'bigquery',
            addresses: [`bq://${dataset}`],
            repositories: [repository],
            endpoint: server.endpoint,
            poll: '10s',
          },
        },
      },
      secrets: { WINNOW_SECRET_AMARANTH: 'what nobody signs the amaranth with' },
      next: (random, index) => {
        const watched = random() < 0.8
        const name = `${watched ? 'day' : 'draft'}_${index}`
        const lastModified = String(1_790_000_000_000 + index)
        const rows = 1 + below(random, 1_000)
        const uri = `bq://${dataset}.${name}`
        const happening = {
          repository,
          about: aboutData(uri, 'written', lastModified),
          outcomes: ['batched'],
          object: { key: objectKey(uri, lastModified), lasts: true },
        } as const
        return {
          sender: 'BigQuery poll',
          // What no trigger watches is never listed.
          happenings: watched ? [happening] : [],
          send: () => answerOf(async () => server.load({ name, lastModified, rows })),
        }
      },
      close: server.close,
    }
  },
}
