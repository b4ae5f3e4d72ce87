import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { openPool } from '../../src/adapters/store/open-pool.ts'
import { createStore } from '../../src/adapters/store/store.ts'
import { storeFault, translateStoreError } from '../../src/adapters/store/store-faults.ts'
import { Fault } from '../../src/domain/errors.ts'
import { StaleRow } from '../../src/domain/ports/store.ts'
import { describeDatabases } from './databases.ts'
import { someChange } from './rows.ts'

const failure = (code?: string): Error => Object.assign(new Error('as the driver says'), { code })

describe('what the driver raises', () => {
  it.each([
    ['53100', 'disk_full', true],
    ['ENOSPC', 'disk_full', true],
    ['57P01', 'store_unavailable', true],
    ['08006', 'store_unavailable', true],
    ['40P01', 'store_unavailable', true],
    ['53300', 'store_unavailable', true],
    ['28P01', 'store_unavailable', false],
    ['3D000', 'store_unavailable', false],
  ])('%s is %s, retryable: %s', (code, fault, retryable) => {
    const translated = translateStoreError(failure(code))
    expect(translated).toBeInstanceOf(Fault)
    expect(translated).toMatchObject({ code: fault, retryable, remedy: expect.any(String) })
  })

  it('a key that is taken is a stale row', () => {
    expect(translateStoreError(failure('23505'))).toBeInstanceOf(StaleRow)
  })

  it.each([failure('42P01'), failure(), new TypeError('ours'), 'a string'])('%s stays as it is', (error) => {
    expect(translateStoreError(error)).toBe(error)
  })

  it('a broken connection is store_unavailable, with or without a code', () => {
    for (const code of [undefined, 'ECONNREFUSED', 'EPIPE'])
      expect(storeFault(failure(code))).toMatchObject({ code: 'store_unavailable', retryable: true })
  })
})

describe('a database that cannot be had', () => {
  it('because nobody listens', async () => {
    const pool = await openPool({ databaseUrl: 'postgres://winnow:secret@127.0.0.1:1/winnow', folder: '' })
    const fault = await createStore(pool).catch((error: unknown) => error)
    expect(fault).toMatchObject({ code: 'store_unavailable', retryable: true })
    expect(`${fault} ${(fault as Fault).remedy}`).not.toContain('secret')
    await pool.end()
  })

  it('because its address is none', async () => {
    const fault = await openPool({ databaseUrl: 'secret words', folder: '' }).catch((error: unknown) => error)
    expect(fault).toMatchObject({ code: 'config_invalid' })
    expect(String(fault)).not.toContain('secret')
  })

  it('because the files are not those of a database', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'winnow-broken-'))
    await writeFile(join(folder, 'postgres'), 'not a folder')
    for (let i = 0; i < 2; i += 1)
      await expect(openPool({ folder })).rejects.toMatchObject({ code: 'store_unavailable' })
    await rm(folder, { recursive: true })
  })
})

describeDatabases('a store made by a newer Winnow', ({ make }) => {
  it('is refused, and left as it is', async () => {
    const database = await make()
    const pool = await openPool(database.options)
    const store = await createStore(pool)
    await pool.query(`insert into winnow.kysely_migration (name, timestamp) values ('9999-future', 'then')`)
    await expect(store.migrate()).rejects.toMatchObject({
      code: 'store_unavailable',
      remedy: expect.stringContaining('newer'),
    })
    await store.close()
    await database.dispose()
  })
})

describeDatabases('a store that loses its connections', ({ make, server }) => {
  it.runIf(server)('says store_unavailable, and is back by itself', async () => {
    const database = await make()
    const pool = await openPool(database.options)
    const store = await createStore(pool)
    const killer = new pg.Client({ connectionString: database.options.databaseUrl })
    await killer.connect()
    const inTheMiddle = store.transaction(async (tx) => {
      await tx.insert('change', someChange())
      await killer.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'winnow' and datname = current_database()`,
      )
      await tx.insert('change', someChange())
    })
    await expect(inTheMiddle).rejects.toMatchObject({ code: 'store_unavailable', retryable: true })
    await killer.end()
    expect(await store.countChanges()).toEqual({})
    await store.recordChange(someChange())
    expect(await store.countChanges()).toEqual({ recorded: 1 })
    await store.close()
    await database.dispose()
  })
})
