import type { ApprovalRow } from '../approval.ts'
import type { Batch, DataObject } from '../batch.ts'
import type { Build } from '../build.ts'
import type { Change } from '../change.ts'
import type { Digest } from '../digest.ts'
import type { Hold } from '../hold.ts'
import type { Json } from '../json.ts'
import type { Override } from '../override.ts'
import type { Pause } from '../pause.ts'
import type { Release } from '../release.ts'
import type { Run } from '../run.ts'
import type { Time } from '../time.ts'
import type { Verdict } from '../verdict.ts'
import type { RequestLabels } from './request-log.ts'

/** The rows of the store that move through states. `version` counts up by one with every write. */
export interface Rows {
  readonly change: Change
  readonly batch: Batch
  readonly build: Build
  readonly run: Run
  readonly verdict: Verdict
  readonly release: Release
  readonly approval: ApprovalRow
  readonly override: Override
  readonly hold: Hold
  readonly pause: Pause
}

export type RowKind = keyof Rows

export type NewRow<K extends RowKind> = Omit<Rows[K], 'id' | 'version'>

/** The steps of the walk; each has one file in workers/ and acts on one kind of row. */
export const steps = {
  match: 'change',
  gather: 'batch',
  build: 'run',
  launch: 'run',
  watch: 'run',
  judge: 'verdict',
  release: 'release',
  expire: 'pause',
} as const satisfies Record<string, RowKind>

export type Step = keyof typeof steps

export interface HistoryEntry {
  readonly at: Time
  readonly kind: RowKind
  readonly id: number
  readonly from: string | null
  readonly to: string
  /** Who did it: `winnow`, or a person's name. */
  readonly by: string
  readonly why: string
}

/** Columns that a list can be narrowed by; equality only. An array means any of them. */
export type Where<K extends RowKind> = {
  readonly [C in keyof Rows[K]]?: Rows[K][C] extends string | number | null | undefined
    ? Rows[K][C] | readonly Exclude<Rows[K][C], null | undefined>[]
    : never
}

/** What batches have gathered: beside their rows, so that one object more costs the same however many there are. */
interface BatchObjects {
  /** What a batch has at these addresses. */
  objectsAt(batch: number, uris: readonly string[]): Promise<readonly DataObject[]>
  /** What a batch has, page by page: after the address that ended the page before, in an order of the store's own. */
  objectsOf(batch: number, limit: number, after?: string): Promise<readonly DataObject[]>
}

export interface Reading extends BatchObjects {
  get<K extends RowKind>(kind: K, id: number): Promise<Rows[K] | undefined>
  /** Newest first unless told otherwise. `limit` defaults to 100. */
  list<K extends RowKind>(
    kind: K,
    where?: Where<K>,
    limit?: number,
    order?: 'newest' | 'oldest',
  ): Promise<readonly Rows[K][]>
}

/**
 * Raised where the row has moved on (`update`), or where another row has the key that only one may have (`insert`,
 * `update`): somebody else did the step. The transaction is rolled back; reading again shows what there is to do now.
 */
export class StaleRow extends Error {
  override readonly name = 'StaleRow'
}

export interface Transaction extends Reading {
  insert<K extends RowKind>(kind: K, row: NewRow<K>): Promise<Rows[K]>
  /** Writes all columns of `row` if the stored version is still `row.version`, else throws StaleRow. Returns it with its new version. */
  update<K extends RowKind>(kind: K, row: Rows[K]): Promise<Rows[K]>
  /** Puts objects into a batch, each in the place of what is there at its address; the batch's sums are the caller's. */
  putObjects(batch: number, objects: readonly DataObject[]): Promise<void>
  /** Takes what a batch has at an address out of it. */
  removeObject(batch: number, uri: string): Promise<void>
  /** Outbox: after the commit the step is queued for the row at the version that this transaction leaves. `at` delays it. */
  enqueue(step: Step, id: number, at?: Time): Promise<void>
  record(entry: HistoryEntry): Promise<void>
  /** Whether a run of this identity is in an archive: its job id is used up. */
  isArchivedIdentity(identity: Digest): Promise<boolean>
  /** Until the transaction ends, any other that locks the same name waits here; what is read afterwards is what it left. */
  lock(name: string): Promise<void>
}

/**
 * The store is the truth. Guarantees: a transaction is applied whole or not at all, and is durable when its promise
 * resolves; an outbox entry is relayed to the queue at least once.
 */
export interface Store extends Reading {
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /**
   * The change is stored with its `match` job unless its dedupe key is known, or its push has been told already
   * (isToldAlready); then the known one comes back.
   */
  recordChange(change: NewRow<'change'>): Promise<{ readonly change: Change; readonly duplicate: boolean }>
  /** The row with a key that only one may have, inserted if there was none. */
  buildByKey(row: NewRow<'build'>): Promise<Build>
  /** Takes a row for one owner until `until`: bumps its version if it still is `version` and no lease is alive. Undefined: somebody else has it, or it moved on. */
  claim<K extends RowKind>(kind: K, id: number, version: number, until: Time): Promise<Rows[K] | undefined>
  /**
   * Prolongs the lease of the claim that returned the row at `version`, however often the row was written since.
   * False: the lease was lost to another owner.
   */
  extend(kind: RowKind, id: number, version: number, until: Time): Promise<boolean>
  history(kind: RowKind, id: number): Promise<readonly HistoryEntry[]>
  /** How many changes ended in each state; the sum is the number of changes. */
  countChanges(): Promise<Readonly<Record<string, number>>>
  /** What turned out to be true of answers; a second label of a request takes the place of the first. Kept for 90 days. */
  recordFeedback(place: FeedbackPlace, labels: readonly RequestLabels[], at: Time): Promise<void>
  /** The newest of it, 200,000 requests at most. */
  feedback(place: FeedbackPlace): Promise<readonly RequestLabels[]>
  /** One setting, for small durable facts such as a folder's last listing. */
  readSetting(key: string): Promise<Json | undefined>
  writeSetting(key: string, value: Json): Promise<void>
}

/** An endpoint of a target, by its resource name. */
interface FeedbackPlace {
  readonly target: string
  readonly endpoint: string
}
