import { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { PGlite } from '@electric-sql/pglite'
import { type FolderLock, lockFolder } from '../../processes/folder-lock.ts'
import type { DatabasePool, PoolClient, QueryResult } from '../database-pool.ts'
import { storeFault } from './store-faults.ts'
import { createTurnstile } from './turnstile.ts'

const transactionCommand = /^\s*(begin|start\s+transaction|commit|rollback)\b(?!\s+to\b)/i

/** PostgreSQL type int8: as text, the way node-postgres gives it, so both kinds of pool return the same. */
const parsers = { 20: (text: string) => text }

/**
 * PGlite is one session with one connection. Each client of this pool takes turns on it: a transaction has the session
 * to itself from BEGIN to its end, all else takes one turn a statement.
 */
export const openEmbeddedPool = async (folder: string): Promise<DatabasePool> => {
  const lock = await lockFolder(folder)
  try {
    const db = await openDatabase(folder)
    await db.exec('set search_path to bullmq')
    return createEmbeddedPool(db, lock)
  } catch (error) {
    await lock.release()
    throw storeFault(readable(error), `the database in ${folder} cannot be opened`)
  }
}

/** A new database is made aside and moved to its place whole: half of one, left by a crash, could never be opened. */
const openDatabase = async (folder: string): Promise<PGlite> => {
  const dataDir = join(folder, 'postgres')
  if (!existsSync(dataDir)) {
    const aside = join(folder, 'postgres.unfinished')
    await rm(aside, { recursive: true, force: true })
    const made = await PGlite.create({ dataDir: aside })
    await made.close()
    await rename(aside, dataDir)
  }
  return PGlite.create({ dataDir })
}

/** WebAssembly's number for "no space left on device", as its file system throws it in an object that is no Error. */
const noSpace = 51

const readable = (error: unknown): unknown => {
  if (error instanceof Error) return error
  const { errno } = (error ?? {}) as { errno?: unknown }
  const code = errno === noSpace ? 'ENOSPC' : 'EIO'
  return Object.assign(new Error(`the file system said ${errno === noSpace ? code : JSON.stringify(error)}`), { code })
}

const createEmbeddedPool = (db: PGlite, lock: FolderLock): DatabasePool => {
  const { enter } = createTurnstile()
  const events = new EventEmitter().setMaxListeners(0)
  let ended: Promise<void> | undefined

  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    const leave = await enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }

  const connect = async (): Promise<PoolClient> => {
    const clientEvents = new EventEmitter().setMaxListeners(0)
    const stopListening = db.onNotification((channel, payload) => {
      clientEvents.emit('notification', { channel, payload })
    })
    let transaction: { readonly leave: () => void; failed: boolean } | undefined

    const begin = async (text: string): Promise<QueryResult> => {
      const leave = await enter()
      try {
        const result = await execute(db, text)
        transaction = { leave, failed: false }
        return result
      } catch (error) {
        leave()
        throw error
      }
    }
    const finish = async (text: string): Promise<QueryResult> => {
      if (!transaction) return execute(db, text)
      const { leave, failed } = transaction
      transaction = undefined
      try {
        // PostgreSQL answers the commit of a failed transaction with a rollback, and kysely looks at that answer.
        return await execute(db, failed ? 'rollback' : text)
      } finally {
        leave()
      }
    }
    const query = async (text: string, values?: readonly unknown[]): Promise<QueryResult> => {
      const command = transactionCommand.exec(text)?.[1]?.toLowerCase()
      if (command === 'commit' || command === 'rollback') return finish(text)
      if (command !== undefined && !transaction) return begin(text)
      if (!transaction) return alone(() => execute(db, text, values))
      const current = transaction
      try {
        const result = await execute(db, text, values)
        if (/^\s*rollback\s+to\b/i.test(text)) current.failed = false
        return result
      } catch (error) {
        current.failed = true
        throw error
      }
    }
    const release = (): void => {
      stopListening()
      if (transaction) void finish('rollback').catch(() => {})
    }
    return Object.assign(clientEvents, { query, release })
  }

  return Object.assign(events, {
    embedded: true,
    // BullMQ blocks for long only where a broken connection is noticed; inside one process none can break.
    options: { keepAlive: true },
    connect,
    query: (text: string, values?: readonly unknown[]) => alone(() => execute(db, text, values)),
    end: () => {
      ended ??= alone(() => db.close()).finally(lock.release)
      return ended
    },
  })
}

const execute = async (db: PGlite, text: string, values?: readonly unknown[]): Promise<QueryResult> => {
  // PGlite answers in microtasks alone: a loop of queries would keep timers and sockets waiting for ever.
  await nextTurn()
  const command = /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? ''
  const result =
    values === undefined || values.length === 0
      ? (await db.exec(text, { parsers })).at(-1)
      : await db.query(text, [...values], { parsers })
  const rows = (result?.rows ?? []) as Record<string, unknown>[]
  return { rows, rowCount: result?.affectedRows || rows.length, command }
}
