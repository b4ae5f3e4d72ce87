import { stat } from 'node:fs/promises'
import { openAnswers } from './answers-thread.ts'
import { judgeInThread } from './judge-in-thread.ts'
import { judgeLiveInThread } from './judge-live-in-thread.ts'
import { isKept } from './keep-predictions.ts'
import type { Judging } from './port.ts'
import { profileTables } from './profile-tables.ts'
import { readTableHead } from './table-file.ts'

/** `folder` is where answers are kept. */
export const createJudging = (folder: string): Judging => ({
  judge: (policy, toJudge, signal) => judgeInThread(policy, toJudge, { signal, keptIn: folder }),
  judgeLive: judgeLiveInThread,
  openAnswers: (signal) => openAnswers(folder, signal),
  isKept: async (digest) => await isKept(folder, digest),
  readHead: readTableHead,
  profile: profileTables,
  sizeOf: async (paths) => {
    const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size))
    return sizes.reduce((total, size) => total + size, 0)
  },
})
