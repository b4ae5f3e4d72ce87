import { createArchiveFolder } from '../../src/adapters/archives/archive-folder.ts'
import type { DatabasePool } from '../../src/adapters/database-pool.ts'
import { openPool } from '../../src/adapters/store/open-pool.ts'
import { createStore } from '../../src/adapters/store/store.ts'
import { archiveEnded } from '../../src/workers/loops/keep-archives.ts'

// Archives all that ended before this moment as a worker does. For a test that kills it: at one of these moments it says
// so, and stands still until that comes. Without one it says how many rows it moved.
const [folder = '', archive = '', moment = '', databaseUrl] = process.argv.slice(2)

const standAt = async (here: string): Promise<void> => {
  if (here !== moment) return
  process.stdout.write(`${here}\n`)
  // Nothing else may keep this process alive.
  setInterval(() => {}, 1_000)
  await new Promise(() => {})
}

/** The same pool, which stands still before and after the commit of a transaction that archived something. */
const standing = (pool: DatabasePool): DatabasePool => ({
  embedded: pool.embedded,
  options: pool.options,
  query: (text, values) => pool.query(text, values),
  end: () => pool.end(),
  on: (event, listener) => pool.on(event, listener),
  connect: async () => {
    const client = await pool.connect()
    let archived = false
    return new Proxy(client, {
      get: (of, name) => {
        const value: unknown = Reflect.get(of, name)
        if (name !== 'query' || typeof value !== 'function') return typeof value === 'function' ? value.bind(of) : value
        return async (...asked: readonly unknown[]) => {
          const text = String((asked[0] as { text?: unknown }).text ?? asked[0])
          const ends = archived && /^commit/i.test(text)
          if (ends) await standAt('uncommitted')
          const answer: unknown = await value.apply(of, asked)
          if (/insert into winnow\.archived/.test(text)) archived = true
          if (ends) await standAt('committed')
          return answer
        }
      },
    })
  },
})

const pool = await openPool({ folder, ...(databaseUrl === undefined ? {} : { databaseUrl }) })
const store = await createStore(standing(pool))
const files = createArchiveFolder(archive)
const write: typeof files.write = async (...asked) => {
  const file = await files.write(...asked)
  await standAt('file')
  return file
}
const ports = { store, folder: { ...files, write }, after: 0, now: Date.now }
process.stdout.write(`${await archiveEnded(ports, new AbortController().signal)}\n`)
await store.close()
