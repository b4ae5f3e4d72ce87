import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { createArchiveFolder } from '../../src/adapters/archives/archive-folder.ts'
import { createStore } from '../../src/adapters/store/store.ts'
import { endChange } from '../../src/domain/change.ts'
import { digestJson } from '../../src/domain/digest.ts'
import { reconcileLedger } from '../../src/ledger/reconcile-ledger.ts'
import { someRun } from '../fakes/rows.ts'
import { describeDatabases, openPool } from './databases.ts'
import { someChange } from './rows.ts'

const script = fileURLToPath(new URL('./archive-rows.ts', import.meta.url))
/** Two files of them; of each tenth there is a run, too. */
const changes = 600
const inFile = 500
const day = 86_400_000

/**
 * Where a life ends: with a file that is whole, and that nothing speaks of; with all rows taken out, and the transaction
 * not committed; and once it is.
 */
const ends = ['file', 'uncommitted', 'committed']

describeDatabases('rows that are archived', ({ make }) => {
  it('are in the store or in one archive after kill -9 in the middle, three times over', async () => {
    const database = await make()
    const { folder, databaseUrl } = database.options
    const path = await mkdtemp(join(tmpdir(), 'winnow-archive-'))
    const open = async () => {
      const pool = await openPool(database.options)
      return { pool, store: await createStore(pool, () => Date.now() - day) }
    }
    const began = await open()
    const keys = Array.from({ length: changes }, (_, i) => `told ${i}`)
    const recorded = await Promise.all(
      keys.map((dedupeKey) => began.store.recordChange(someChange({ dedupeKey, sender: 'github' }))),
    )
    // By their numbers, by which they are archived: what is told at once is numbered in any order.
    const numbered = recorded.map(({ change }) => change).sort((a, b) => a.id - b.id)
    await began.store.transaction(async (tx) => {
      for (const [i, change] of numbered.entries()) {
        const outcome = i % 10 === 0 ? ({ state: 'started', reason: 'run' } as const) : ignored
        await tx.update('change', endChange(change, outcome))
        if (i % 10 > 0) continue
        await tx.insert('run', someRun({ change: change.id, state: 'failed', identity: digestJson(change.id) }))
      }
    })
    await began.pool.query('delete from winnow.outbox')
    await began.store.close()

    const start = (moment: string): ChildProcess =>
      spawn(process.execPath, [script, folder, path, moment, ...(databaseUrl === undefined ? [] : [databaseUrl])], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
    for (const moment of ends) {
      const child = start(moment)
      const [said] = await once(child.stdout as Readable, 'data')
      expect(String(said)).toBe(`${moment}\n`)
      child.kill('SIGKILL')
      await once(child, 'close')
    }
    // Only the third one has moved a file's worth of changes, with the runs of a tenth of them.
    const last = start('')
    const [said] = await once(last.stdout as Readable, 'data')
    expect(String(said)).toBe(`${Math.round(1.1 * (changes - inFile))}\n`)
    expect(await once(last, 'close')).toEqual([0, null])

    const { pool, store } = await open()
    expect(await store.list('change')).toEqual([])
    expect(await store.list('run')).toEqual([])
    const report = reconcileLedger(await store.account(null))
    expect(report).toMatchObject({ matches: true, faults: [], acknowledged: changes })
    expect(report.outcomes).toEqual({
      'archived ignored': changes - Math.ceil(changes / 10),
      'archived started': Math.ceil(changes / 10),
    })
    // Files that the store names hold each row once; what a crash left over, nobody names.
    const { rows: files } = await pool.query('select name from winnow.archive_file')
    const archives = createArchiveFolder(path)
    const held: string[] = []
    for (const { name } of files)
      for (const { kind, row } of await archives.read(String(name))) held.push(`${kind} ${row.id}`)
    expect(new Set(held).size).toBe(held.length)
    const { rows } = await pool.query('select kind, row_id from winnow.archived')
    expect(rows.map(({ kind, row_id }) => `${kind} ${row_id}`).sort()).toEqual(held.sort())
    expect(held).toHaveLength(changes + Math.ceil(changes / 10))
    const again = await store.recordChange(someChange({ dedupeKey: keys[0] as string, sender: 'github' }))
    expect(again).toMatchObject({ duplicate: true, change: { id: recorded[0]?.change.id } })
    await store.close()
    await database.dispose()
    await rm(path, { recursive: true, force: true })
  }, 300_000)
})

const ignored = { state: 'ignored', reason: 'no trigger' } as const
