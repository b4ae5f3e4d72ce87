import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { describe, it } from 'vitest'
import { openPool, type PoolOptions } from '../../src/adapters/store/open-pool.ts'

/** A database of one's own, empty at first, that several pools may be opened on (PGlite: one after the other). */
export interface TestDatabase {
  readonly options: PoolOptions
  dispose(): Promise<void>
}

interface DatabaseKind {
  readonly name: string
  readonly server: boolean
  readonly make: () => Promise<TestDatabase>
}

const databaseUrl = process.env['WINNOW_TEST_DATABASE_URL']
const required = process.env['CI'] !== undefined && process.env['WINNOW_TEST_SERVICES'] === 'required'

/** Says that a service was not tested: a failure where it had to be, a loud skip elsewhere. */
export const missingService = (name: string, variable: string): void => {
  describe(`${name} (${variable} is not set)`, () => {
    if (required)
      it('is there', () => {
        throw new Error(`${variable} is not set, and WINNOW_TEST_SERVICES asks for it`)
      })
    else it.skip(`NOT TESTED: run the tests under \`node scripts/services.ts --\``, () => {})
  })
}

export const makeEmbedded = async (): Promise<TestDatabase> => {
  const folder = await mkdtemp(join(tmpdir(), 'winnow-store-'))
  return { options: { folder }, dispose: () => rm(folder, { recursive: true, force: true }) }
}

const makeOnServer = async (server: string): Promise<TestDatabase> => {
  const name = `winnow_test_${randomBytes(6).toString('hex')}`
  const ask = async (text: string): Promise<void> => {
    const client = new pg.Client({ connectionString: server })
    await client.connect()
    await client.query(text)
    await client.end()
  }
  await ask(`create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    options: { databaseUrl: url.href, folder: join(tmpdir(), 'winnow-never-made') },
    dispose: () => ask(`drop database ${name} with (force)`),
  }
}

/** Runs a suite over every kind of database there is. */
export const describeDatabases = (title: string, suite: (database: DatabaseKind) => void): void => {
  describe(`${title} on PGlite`, () => suite({ name: 'PGlite', server: false, make: makeEmbedded }))
  if (databaseUrl === undefined) missingService(`${title} on PostgreSQL`, 'WINNOW_TEST_DATABASE_URL')
  else
    describe(`${title} on PostgreSQL`, () =>
      suite({ name: 'PostgreSQL', server: true, make: () => makeOnServer(databaseUrl) }))
}

export { openPool }

/** Asks again until it is so; fails with what is missing after the deadline. */
export const until = async (what: string, isSo: () => boolean | Promise<boolean>, deadline = 90_000): Promise<void> => {
  const end = Date.now() + deadline
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`not within ${deadline} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
