import type { DataObject } from './batch.ts'
import type { Digest } from './digest.ts'
import type { ChangeFilter } from './ledger.ts'
import type { HistoryEntry, RowKind, Rows } from './ports/store.ts'
import type { Time } from './time.ts'

/** A row as it was when it was archived, and all that happened to it. */
export interface ArchivedRow<K extends RowKind = RowKind> {
  readonly kind: K
  readonly row: Rows[K]
  readonly history: readonly HistoryEntry[]
  /** Of a batch: what it had gathered. */
  readonly objects?: readonly DataObject[]
}

/** A file of an archive, whole and on its disk. */
export interface ArchiveFile {
  readonly name: string
  readonly digest: Digest
  readonly records: number
}

/** Files are written once and never again. */
export interface ArchiveFolder {
  /** Writes the rows to a file of that name; it is there with all of them, also after a crash, or not at all. */
  write(name: string, rows: readonly ArchivedRow[], at: Time): Promise<ArchiveFile>
  /** Fault: archive_damaged. */
  read(name: string): Promise<readonly ArchivedRow[]>
}

/** What the store does for archives. */
export interface ArchiveLedger {
  /**
   * Changes that ended before `before`, oldest first, with their runs, verdicts, releases, words and batches: only where
   * all of them ended before then, nobody is waited for, and nothing that lives needs them.
   */
  archivable(before: Time, changes: number): Promise<readonly ArchivedRow[]>
  /** Takes rows that a file holds out of the store, in one transaction. False: one of them was written since; none was taken. */
  takeOut(file: ArchiveFile, rows: readonly ArchivedRow[], at: Time): Promise<boolean>
  /** The file that holds a row. */
  archivedIn(kind: RowKind, id: number): Promise<string | undefined>
  /** Numbers of archived changes, newest first. */
  findArchivedChanges(filter: ChangeFilter, limit: number, before?: number): Promise<readonly number[]>
}
