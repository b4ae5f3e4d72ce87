import { stat } from 'node:fs/promises'
import { isKept } from './answers/keep-predictions.ts'
import type { Judging } from './port.ts'
import { openAnswers } from './threads/answers-thread.ts'
import { judgeInThread } from './threads/judge-in-thread.ts'
import { judgeLiveInThread } from './threads/judge-live-in-thread.ts'
import { profileInThread, readHeadInThread } from './threads/tables-in-thread.ts'

/** `folder` is where answers are kept. */
export const createJudging = (folder: string): Judging => ({
  judge: (policy, toJudge, signal) => judgeInThread(policy, toJudge, { signal, keptIn: folder }),
  judgeLive: judgeLiveInThread,
  openAnswers: (signal) => openAnswers(folder, signal),
  isKept: async (digest) => await isKept(folder, digest),
  readHead: readHeadInThread,
  profile: profileInThread,
  sizeOf: async (paths) => {
    const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size))
    return sizes.reduce((total, size) => total + size, 0)
  },
})
