import { stat } from 'node:fs/promises'
import { judgeInThread } from './judge-in-thread.ts'
import { judgeLiveInThread } from './judge-live-in-thread.ts'
import { keepPredictions, readKept, unpackKept } from './keep-predictions.ts'
import type { Judging } from './port.ts'
import { createPredictionsTable } from './predictions-table.ts'
import { profileTables } from './profile-tables.ts'
import { readScored } from './scored-predictions.ts'
import { createTableFaults } from './table-faults.ts'
import { readTableFile, readTableHead } from './table-file.ts'

/** `folder` is where answers are kept. */
export const createJudging = (folder: string): Judging => ({
  // Answers were kept before: nobody reads them here again.
  judge: (policy, toJudge, signal) => judgeInThread(policy, toJudge, { signal, handOver: true }),
  judgeLive: judgeLiveInThread,
  readAnswers: async (path, label, signal) => {
    const faults = createTableFaults((at) => (at === null ? path : `${path}:${at}`))
    const table = createPredictionsTable(label, faults)
    await readTableFile(path, table, faults, signal)
    return table.finish()
  },
  readScored,
  readHead: readTableHead,
  profile: profileTables,
  keep: (predictions) => keepPredictions(folder, predictions),
  kept: async (digest) => {
    const packed = await readKept(folder, digest)
    return packed === undefined ? undefined : unpackKept(packed, digest)
  },
  sizeOf: async (paths) => {
    const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size))
    return sizes.reduce((total, size) => total + size, 0)
  },
})
