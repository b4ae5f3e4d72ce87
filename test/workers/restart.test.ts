import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { openQueue } from '../../src/adapters/queue/open-queue.ts'
import { createStore } from '../../src/adapters/store/store.ts'
import { silentLog } from '../../src/log.ts'
import { createReconciler } from '../../src/workers/running/reconciler.ts'
import { createRelay } from '../../src/workers/running/relay.ts'
import { createRunner } from '../../src/workers/running/runner.ts'
import { makeEmbedded, openPool, until } from '../store/databases.ts'
import { stepsWith } from './ledger.ts'

const script = fileURLToPath(new URL('./hang-in-step.ts', import.meta.url))

it.each(['in the step', 'before its claim'])(
  'a job whose worker was killed %s is done at once after the restart of an embedded Winnow',
  async (where) => {
    const database = await makeEmbedded()
    const args = [script, where, database.options.folder]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')

    const pool = await openPool(database.options)
    const store = await createStore(pool)
    const queue = await openQueue({ pool, log: silentLog })
    const ports = { store, queue, now: Date.now, log: silentLog }
    const steps = stepsWith({
      match: async (row) => {
        await store.transaction((tx) => tx.update('change', { ...row, state: 'ignored', reason: 'no trigger' }))
      },
    })
    const reconciler = createReconciler(ports)
    await reconciler.start({ alone: store.embedded })
    const started = Date.now()
    await queue.work(createRunner({ ...ports, steps }).handle, 2)
    // The kill may have come between the queue's having the job and the outbox's losing it: then it is the relay's to give.
    const relay = createRelay(ports)
    await until('the change has ended', async () => (await store.countChanges())['ignored'] === 1)
    // BullMQ's lock and the row's lease would each have lasted half a minute.
    expect(Date.now() - started).toBeLessThan(28_000)
    await reconciler.close()
    await relay.close()
    await queue.close()
    await store.close()
    await database.dispose()
  },
  300_000,
)
