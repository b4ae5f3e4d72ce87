import type { DataObject } from '../batch.ts'

/** A question in SQL to a warehouse of tables. */
export interface SqlQuestion {
  readonly sql: string
  /** By name, as `@name` in the text; numbers as texts. */
  readonly parameters: Readonly<Record<string, { readonly type: 'INT64' | 'STRING'; readonly value: string }>>
  /** What it is about; named in faults. */
  readonly address: string
}

/** Null where there is nothing; a list of a column that repeats. */
export type SqlCell = string | null | readonly (string | null)[]

export interface Warehouse {
  /** The rows of the answer, in its order. Faults: source_unavailable (retryable), source_refused (not). */
  ask(question: SqlQuestion, signal: AbortSignal): Promise<readonly (readonly SqlCell[])[]>
}

/** Where data lies: folders, buckets, tables. Faults are `source_unavailable` (retryable) or `source_refused` (not). */
export interface DataSource {
  /** Objects that match the address and are complete now: not growing, not being written. */
  list(uri: string, signal: AbortSignal): Promise<readonly DataObject[]>
  /** The object as it is now; undefined where there is none. */
  find(uri: string, signal: AbortSignal): Promise<DataObject | undefined>
  /** False where nothing here can look at the address, so that list and find would refuse. Without it all are looked at. */
  reads?(uri: string): boolean
}

/** Where the manifests of runs are kept, so that their pipelines can read them. */
export interface ManifestFiles {
  /** The address that a file of this name has for runs on a target; undefined where none can be written for them. */
  address(target: string, name: string): string | undefined
  /** Writes the file at an address of these, whole or not at all; writing it again changes nothing. */
  write(address: string, text: string, signal: AbortSignal): Promise<void>
}
