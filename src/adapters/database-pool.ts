import type { EventEmitter } from 'node:events'

export interface QueryResult {
  readonly rows: Record<string, unknown>[]
  readonly rowCount: number | null
  readonly command: string
}

/** The part of `pg.PoolClient` that kysely and BullMQ use. */
export type PoolClient = EventEmitter & {
  query(text: string, values?: readonly unknown[]): Promise<QueryResult>
  release(destroy?: boolean): void
}

/** The part of `pg.Pool` that kysely and BullMQ use, over a server or over a database inside this process. */
export interface DatabasePool {
  /** True where the database lives in this process, so that no other process can hold a lease or a job. */
  readonly embedded: boolean
  readonly options: object
  connect(): Promise<PoolClient>
  query(text: string, values?: readonly unknown[]): Promise<QueryResult>
  end(): Promise<void>
  on(event: 'error', listener: (error: Error) => void): unknown
}
