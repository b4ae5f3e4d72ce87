import { mkdir, rename, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { aboutData } from '../about.ts'
import { layGitGround } from '../git-ground.ts'
import { gathering } from '../pipelines.ts'
import { below, hexDigits } from '../random.ts'
import type { Answer, Sender } from '../sender.ts'

const repository = 'folder-hops'

/** Writes a file as careful writers do; again: the same file under another name and back, which is no news. */
const drop = async (file: string, text: string): Promise<void> => {
  const hidden = join(file, '..', `.${basename(file)}`)
  const there = await stat(file).then(
    () => true,
    () => false,
  )
  if (there) await rename(file, hidden)
  else await writeFile(hidden, text)
  await rename(hidden, file)
}

/** Files in a folder that Winnow looks at. A file that lies there is told of: nobody answers. */
export const folder: Sender = {
  name: 'folder',
  weight: 1.5,
  open: async (ground) => {
    const root = join(ground.folder, repository)
    const incoming = join(root, 'incoming')
    await mkdir(incoming, { recursive: true })
    const git = await layGitGround(join(ground.folder, `${repository}.git`), {
      commits: 1,
      events: 0,
      more: gathering('file:incoming/*.csv'),
    })
    /** What is done to one file is done one after the other. */
    const lines = new Map<string, Promise<void>>()
    return {
      config: {
        repositories: {
          [repository]: {
            host: 'git',
            url: git.url,
            secrets: [{ env: 'WINNOW_SECRET_FOLDER_HOPS' }],
            targets: ['local'],
            dataRoot: root,
          },
        },
      },
      secrets: { WINNOW_SECRET_FOLDER_HOPS: 'what nobody signs the hops with' },
      next: (random, index) => {
        const file = join(incoming, `${String(index).padStart(5, '0')}.csv`)
        const text = `${hexDigits(random, 16)}\n`.repeat(1 + below(random, 20))
        const uri = pathToFileURL(file).href
        const send = async (): Promise<Answer> => {
          const mine = (lines.get(file) ?? Promise.resolve()).then(() => drop(file, text))
          lines.set(file, mine)
          await mine
          return { kind: 'acknowledged', changes: undefined }
        }
        const happening = {
          repository,
          about: aboutData(uri),
          outcomes: ['batched'],
          object: { key: uri, lasts: true },
        } as const
        return { sender: 'folder', happenings: [happening], send }
      },
    }
  },
}
