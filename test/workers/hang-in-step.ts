import { openQueue } from '../../src/adapters/queue/open-queue.ts'
import { openPool } from '../../src/adapters/store/open-pool.ts'
import { createStore } from '../../src/adapters/store/store.ts'
import { silentLog } from '../../src/log.ts'
import { createRelay } from '../../src/workers/running/relay.ts'
import { createRunner } from '../../src/workers/running/runner.ts'
import { someChange } from '../store/rows.ts'
import { stepsWith } from './ledger.ts'

// Records a change and hangs, by the first argument: in the step, or where the queue has handed the job out and nobody
// has claimed the row yet. For a test that kills it.
const [where = '', folder = ''] = process.argv.slice(2)
const pool = await openPool({ folder })
const store = await createStore(pool)
const queue = await openQueue({ pool, log: silentLog })
const ports = { store, queue, now: Date.now, log: silentLog }
const hang = async (): Promise<void> => {
  process.stdout.write('hanging\n')
  await new Promise(() => {})
}
const { handle } = createRunner({ ...ports, steps: stepsWith({ match: hang }) })
await queue.work(where === 'in the step' ? handle : hang, 1)
createRelay(ports)
await store.recordChange(someChange())
