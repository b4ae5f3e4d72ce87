import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { Fault } from '../../domain/errors.ts'
import { migrations } from './migrations/index.ts'
import { schemaName } from './schema.ts'
import { translateStoreError } from './store-faults.ts'

/**
 * Brings our schema up to date; several processes may do so at once. Names of the migrations that were applied come back.
 * Fault: store_unavailable, where the database was made by a newer Winnow.
 */
export const migrate = async <T>(db: Kysely<T>): Promise<readonly string[]> => {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableSchema: schemaName,
  })
  const { error, results } = await migrator.migrateToLatest()
  if (error !== undefined) {
    const translated = translateStoreError(error)
    if (translated instanceof Fault) throw translated
    throw new Fault('store_unavailable', `the database cannot be brought up to date: ${String(error)}`, {
      remedy: 'If a newer Winnow made this database, run that one; else report this with the message.',
      cause: error,
    })
  }
  return (results ?? []).map(({ migrationName }) => migrationName)
}
