import type { ColumnType, GeneratedAlways } from 'kysely'
import type { NewRow, RowKind, Rows, Step } from '../../domain/ports/store.ts'

/** int8 comes back as text from both kinds of pool. */
type BigInteger = ColumnType<string, number, number>
type NullableBigInteger = ColumnType<string | null, number | null | undefined, number | null>
/** JSON is handed over as text, so that arrays are not taken for PostgreSQL's own. */
type JsonColumn = ColumnType<unknown, string, string>

/** What all tables of rows share; the columns of a kind are listed in `columns`. */
interface RowTable {
  readonly id: GeneratedAlways<string>
  readonly version: BigInteger
  readonly state: ColumnType<string>
  readonly next_at: NullableBigInteger
  readonly lease_until: NullableBigInteger
  /** The version that the claim holding the lease was given. */
  readonly lease_version: NullableBigInteger
  /** How often the step failed in a row; it counts only while `failed_version` is the row's version. */
  readonly failures: ColumnType<number, number | undefined, number>
  readonly failed_version: NullableBigInteger
  readonly parked: ColumnType<string | null, string | null | undefined, string | null>
  readonly updated_at: BigInteger
  readonly document: JsonColumn
}

interface OutboxTable {
  readonly sequence: GeneratedAlways<string>
  readonly step: ColumnType<Step>
  readonly kind: ColumnType<RowKind>
  readonly row_id: BigInteger
  readonly row_version: BigInteger
  readonly due_at: NullableBigInteger
  /** Whose work it is: lanes take turns. */
  readonly lane: ColumnType<string, string | undefined, string>
}

interface HistoryTable {
  readonly sequence: GeneratedAlways<string>
  readonly at: BigInteger
  readonly kind: ColumnType<RowKind>
  readonly row_id: BigInteger
  readonly from_state: ColumnType<string | null>
  readonly to_state: ColumnType<string>
  readonly actor: ColumnType<string>
  readonly why: ColumnType<string>
}

/** Counters are in lanes, so that several processes need not wait for one row; a day is one of UTC, counted since 1970. */
interface AcknowledgedTable {
  readonly sender: ColumnType<string>
  readonly day: ColumnType<number>
  readonly lane: ColumnType<number>
  readonly count: BigInteger
}

interface RefusedTable extends AcknowledgedTable {
  readonly reason: ColumnType<string>
}

interface ArchiveFileTable {
  readonly id: GeneratedAlways<string>
  readonly name: ColumnType<string>
  readonly digest: ColumnType<string>
  readonly records: BigInteger
  readonly written_at: BigInteger
}

interface ArchivedTable {
  readonly kind: ColumnType<RowKind>
  readonly row_id: BigInteger
  readonly file: BigInteger
  readonly state: ColumnType<string>
  readonly key: ColumnType<unknown>
  readonly repository: ColumnType<string | null>
  readonly cause: ColumnType<string | null>
  readonly sender: ColumnType<string | null>
  readonly received_at: NullableBigInteger
}

interface SettingTable {
  readonly key: ColumnType<string>
  readonly value: JsonColumn
}

interface FeedbackTable {
  readonly target: ColumnType<string>
  readonly endpoint: ColumnType<string>
  readonly request: ColumnType<string>
  readonly at: BigInteger
  readonly labels: JsonColumn
}

export type Tables = { readonly [K in RowKind]: RowTable } & {
  readonly outbox: OutboxTable
  readonly history: HistoryTable
  readonly setting: SettingTable
  readonly acknowledged: AcknowledgedTable
  readonly refused: RefusedTable
  readonly archive_file: ArchiveFileTable
  readonly archived: ArchivedTable
  readonly feedback: FeedbackTable
}

export const schemaName = 'winnow'

/** `once`: JSON that is written with its row and never again, however often that is. */
export type FieldType = 'text' | 'integer' | 'once'
type ColumnsOf<K extends RowKind> = { readonly [F in keyof Rows[K]]?: FieldType }

/**
 * The fields that have a column: what lists are narrowed by, what must be unique, and what is due when. All else is in
 * the document, so that a new field needs no migration (docs/adr/0001-store.md).
 */
export const columns: { readonly [K in RowKind]: ColumnsOf<K> } = {
  change: { repository: 'text', dedupeKey: 'text', state: 'text', batch: 'integer', nextAt: 'integer' },
  batch: { repository: 'text', pipeline: 'text', key: 'text', state: 'text', nextAt: 'integer', run: 'integer' },
  build: { key: 'text', repository: 'text', state: 'text' },
  run: {
    change: 'integer',
    batch: 'integer',
    repository: 'text',
    commit: 'text',
    pipeline: 'text',
    target: 'text',
    model: 'text',
    state: 'text',
    build: 'integer',
    identity: 'text',
    jobId: 'text',
    nextAt: 'integer',
    failures: 'integer',
    manifest: 'once',
  },
  verdict: { run: 'integer', state: 'text' },
  release: {
    verdict: 'integer',
    run: 'integer',
    repository: 'text',
    model: 'text',
    environment: 'text',
    target: 'text',
    state: 'text',
    nextAt: 'integer',
    failures: 'integer',
  },
  approval: { verdict: 'integer', person: 'text', state: 'text' },
  override: { repository: 'text', environment: 'text', run: 'integer', state: 'text' },
  hold: { repository: 'text', environment: 'text', state: 'text' },
  pause: { repository: 'text', pipeline: 'text', state: 'text', nextAt: 'integer' },
}

/**
 * What changes are looked for by though it stands in their document: written beside it, and never read back. An index or a
 * column that the database makes of the document would read all of it, each anew, with every change that is recorded.
 */
export const copiesOfChange = (change: NewRow<'change'>): Readonly<Record<string, unknown>> => {
  const { cause, sender = 'winnow', author, receivedAt, ref, model, replayOf, batches } = change
  return {
    kind: cause.kind,
    sender,
    author,
    received_at: Math.floor(receivedAt),
    ref,
    model,
    replay_of: replayOf,
    after_run: 'run' in cause ? cause.run : null,
    // Few are asked for by several triggers; those are found by every batch that they joined.
    batches: batches !== undefined && batches.length > 1 ? batches : null,
  }
}

/** Fields of the document whose copy is the field as it is. */
export const copiedFields: { readonly [K in RowKind]?: readonly (keyof Rows[K])[] } = {
  change: ['author', 'ref', 'model', 'replayOf'],
}
