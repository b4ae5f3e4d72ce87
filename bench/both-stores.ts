import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPostgres } from '../scripts/servers.ts'
import type { DatabasePool } from '../src/adapters/database-pool.ts'
import { openPool } from '../src/adapters/store/open-pool.ts'
import { createStore, type OpenStore } from '../src/adapters/store/store.ts'
import type { Figure } from './run.ts'

/** What is measured on PostgreSQL and then on PGlite, each empty; the load of the machine is printed with `note`. */
export const onBothStores = async (
  measure: (name: string, pool: DatabasePool, store: OpenStore) => Promise<readonly Figure[]>,
  note: string,
): Promise<readonly Figure[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'winnow-bench-'))
  await chmod(folder, 0o755)
  const server = await createPostgres(folder)
  await server.start()
  const figures: Figure[] = []
  try {
    for (const [name, options] of [
      ['PostgreSQL', { folder, databaseUrl: server.url }],
      ['PGlite', { folder: join(folder, 'embedded') }],
    ] as const) {
      const pool = await openPool(options)
      const store = await createStore(pool)
      figures.push(...(await measure(name, pool, store)))
      await store.close()
    }
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  const load = loadavg().map((average) => average.toFixed(1))
  console.log(`  load ${load.join(', ')}; ${note}`)
  return figures
}
