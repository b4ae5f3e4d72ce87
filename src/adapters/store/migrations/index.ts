import type { Migration } from 'kysely/migration'
import { ledger } from './0001-ledger.ts'
import { people } from './0002-people.ts'
import { pushes } from './0003-pushes.ts'
import { batches } from './0004-batches.ts'
import { flow } from './0005-flow.ts'
import { accounts } from './0006-accounts.ts'
import { rollouts } from './0007-rollouts.ts'
import { feeds } from './0009-feeds.ts'
import { feedback } from './0011-feedback.ts'
import { batchObjects } from './0012-batch-objects.ts'
import { recording } from './0013-recording.ts'
import { runManifests } from './0014-run-manifests.ts'
import { toldColumns } from './0015-told-columns.ts'

/** In the order of their names, forward only. One that was released is never edited: add another. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-ledger': ledger,
  '0002-people': people,
  '0003-pushes': pushes,
  '0004-batches': batches,
  '0005-flow': flow,
  '0006-accounts': accounts,
  '0007-rollouts': rollouts,
  '0009-feeds': feeds,
  '0011-feedback': feedback,
  '0012-batch-objects': batchObjects,
  '0013-recording': recording,
  '0014-run-manifests': runManifests,
  '0015-told-columns': toldColumns,
}
