import { openPool } from '../../src/adapters/store/open-pool.ts'
import { createStore } from '../../src/adapters/store/store.ts'
import { someChange } from './rows.ts'

// Records changes without a pause, and prints the id of each once it is acknowledged. For a test that kills it.
const [folder = '', prefix = '', databaseUrl] = process.argv.slice(2)
const store = await createStore(await openPool({ folder, ...(databaseUrl === undefined ? {} : { databaseUrl }) }))
process.stdout.write('ready\n')
const write = async (lane: number): Promise<void> => {
  for (let i = 0; ; i += 1) {
    const { change } = await store.recordChange(someChange({ dedupeKey: `${prefix}-${lane}-${i}` }))
    process.stdout.write(`${change.id} ${change.dedupeKey}\n`)
  }
}
await Promise.all([write(1), write(2), write(3)])
