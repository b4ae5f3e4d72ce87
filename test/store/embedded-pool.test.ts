import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, PostgresDialect, type PostgresPool, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatabasePool } from '../../src/adapters/database-pool.ts'
import { openPool } from '../../src/adapters/store/open-pool.ts'
import { until } from './databases.ts'

describe('the pool over the embedded database', () => {
  let folder: string
  let pool: DatabasePool

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'winnow-pool-'))
    pool = await openPool({ folder })
    await pool.query('create schema bullmq')
    await pool.query('create table number (value integer primary key)')
  })
  afterAll(async () => {
    await pool.end()
    await rm(folder, { recursive: true, force: true })
  })
  const values = async () =>
    (await pool.query('select value from number order by value')).rows.map((row) => row['value'])
  const clear = () => pool.query('delete from number')

  it('lets timers and input run beside a loop of queries', async () => {
    let ticks = 0
    const timer = setInterval(() => {
      ticks += 1
    }, 1)
    // Where queries settle in microtasks alone, no timer fires before this loop has ended.
    for (let i = 0; i < 20_000 && ticks < 20; i += 1) await pool.query('select 1')
    clearInterval(timer)
    expect(ticks).toBeGreaterThanOrEqual(20)
  })

  it('gives what node-postgres gives', async () => {
    const { rows, rowCount, command } = await pool.query(
      `select 9007199254740993::int8 as big, 1::int4 as small, '{"a":1}'::json as document, null as nothing, $1::text as text`,
      ['x'],
    )
    expect(rows).toEqual([{ big: '9007199254740993', small: 1, document: { a: 1 }, nothing: null, text: 'x' }])
    expect({ rowCount, command }).toEqual({ rowCount: 1, command: 'SELECT' })
    expect((await pool.query('insert into number values (1), (2)')).rowCount).toBe(2)
    expect((await pool.query('delete from number where value > $1', [0])).rowCount).toBe(2)
    expect((await pool.query('delete from number')).rowCount).toBe(0)
  })

  it('passes errors with their SQLSTATE', async () => {
    await expect(pool.query('select * from nowhere')).rejects.toMatchObject({ code: '42P01' })
    await expect(pool.query('select 1 / $1::int', [0])).rejects.toMatchObject({ code: '22012' })
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('keeps all others out of a transaction until its end', async () => {
    const client = await pool.connect()
    await client.query('begin')
    await client.query('insert into number values (1)')
    let seen: unknown[] | undefined
    const reading = values().then((all) => {
      seen = all
    })
    const other = await pool.connect()
    const writing = other.query('insert into number values (2)')
    await client.query('select 1')
    expect(seen).toBeUndefined()
    await client.query('rollback')
    await Promise.all([reading, writing])
    expect(seen).toEqual([])
    expect(await values()).toEqual([2])
    client.release()
    other.release()
    await clear()
  })

  it('takes a client that is released in its transaction as rolled back', async () => {
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query('insert into number values (1)')
    client.release()
    expect(await values()).toEqual([])
  })

  it('answers the commit of a failed transaction with a rollback, and goes on', async () => {
    const client = await pool.connect()
    await client.query('begin')
    await client.query('insert into number values (1)')
    await expect(client.query('insert into number values (1)')).rejects.toMatchObject({ code: '23505' })
    expect((await client.query('commit')).command).toBe('ROLLBACK')
    expect(await values()).toEqual([])
    await client.query('begin')
    await client.query('savepoint before')
    await expect(client.query('select * from nowhere')).rejects.toMatchObject({ code: '42P01' })
    await client.query('rollback to savepoint before')
    await client.query('insert into number values (3)')
    expect((await client.query('commit')).command).toBe('COMMIT')
    expect(await values()).toEqual([3])
    client.release()
    await clear()
  })

  it('carries kysely: transactions at the same time are one after the other', async () => {
    const db = new Kysely<{ number: { value: number } }>({
      dialect: new PostgresDialect({ pool: pool as unknown as PostgresPool }),
    })
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        db
          .transaction()
          .execute(async (trx) => {
            const { rows } = await sql<{ most: number | null }>`select max(value) as most from number`.execute(trx)
            await trx
              .insertInto('number')
              .values({ value: (rows[0]?.most ?? 0) + 1 })
              .execute()
            if (i % 5 === 4) throw new Error('undo')
          })
          .catch(() => {}),
      ),
    )
    expect(await values()).toEqual(Array.from({ length: 16 }, (_, i) => i + 1))
    await clear()
  })

  it('carries notifications to every client that is connected', async () => {
    const [a, b] = [await pool.connect(), await pool.connect()]
    const heard: unknown[] = []
    for (const client of [a, b]) client.on('notification', ({ channel, payload }) => heard.push([channel, payload]))
    await a.query('listen news')
    await pool.query(`notify news, 'x'`)
    await until('both heard it', () => heard.length === 2)
    expect(heard).toEqual([
      ['news', 'x'],
      ['news', 'x'],
    ])
    b.release()
    await pool.query(`notify news, 'y'`)
    await until('one heard it', () => heard.length === 3)
    a.release()
  })
})
