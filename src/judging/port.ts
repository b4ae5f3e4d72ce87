import type { Digest } from '../domain/digest.ts'
import type { KeptPredictions } from '../domain/verdict.ts'
import type { ReadTable } from '../policies/data/profile.ts'
import type { Policy } from '../policies/language/policy.ts'
import type { CaseToJudge, Judged } from './case-to-judge.ts'
import type { LiveJudged, LiveTask } from './threads/live-task.ts'

/** What the judge step does with files of this machine and outside of the event loop. Faults: `predictions_invalid`, `judging_failed`. */
export interface Judging {
  judge(
    policy: Pick<Policy, 'gates' | 'seed' | 'resamples'>,
    toJudge: CaseToJudge,
    signal: AbortSignal,
  ): Promise<Judged>
  /** What live gates say of a candidate at a look, and what was measured of it. */
  judgeLive(task: LiveTask, signal: AbortSignal): Promise<LiveJudged>
  /** Reads and keeps tables of answers. */
  openAnswers(signal: AbortSignal): AnswersThread
  /** Whether answers are still kept. */
  isKept(digest: Digest): Promise<boolean>
  readHead(path: string, rows: number, signal: AbortSignal): Promise<TableHead>
  profile(train: readonly string[], test: readonly string[], signal: AbortSignal): Promise<ProfiledData>
  /** Bytes of files. */
  sizeOf(paths: readonly string[]): Promise<number>
}

export interface ProfiledData {
  readonly train: Pick<ReadTable, 'profile' | 'samples'>
  /** Rows of the test table that are among the training rows; null without one. */
  readonly leakedRows: number | null
}

export interface TableHead {
  readonly format: 'csv' | 'jsonl' | 'parquet'
  readonly columns: readonly string[]
  /** The first rows, by column. */
  readonly rows: readonly Readonly<Record<string, string | number | boolean | null>>[]
}

/** A table of a model's answers: one that a run left, or the lines of a batch prediction. */
export type AnswersTable =
  /** `label` null: by its usual names. The file may be called anything. */
  | { readonly kind: 'answers'; readonly path: string; readonly label: string | null }
  | { readonly kind: 'scored'; readonly paths: readonly string[]; readonly label: string }

/** Answers that the thread holds: what they are called there, and of how many examples they are. */
export interface HeldAnswers {
  readonly held: number
  readonly rows: number
}

export type Kept = Pick<KeptPredictions, 'digest' | 'rows'>

export interface KeptSideBySide {
  readonly candidate: Kept
  /** Or why one cannot be laid beside the candidate's. */
  readonly references: Readonly<
    Record<string, (Kept & { readonly ok: true }) | { readonly ok: false; readonly reason: string }>
  >
}

/**
 * Reads tables of answers, lays them side by side and keeps them in a thread of its own: a million answers would hold the
 * event loop for seconds, and never come to it. The thread starts with the first table and ends when this is disposed of.
 */
export interface AnswersThread extends AsyncDisposable {
  /** Fault `predictions_invalid` where it is no table of answers. */
  read(table: AnswersTable): Promise<HeldAnswers>
  /** In the candidate's order and with everybody's classes; kept for as long as verdicts are. */
  keepSideBySide(candidate: HeldAnswers, references: Readonly<Record<string, HeldAnswers>>): Promise<KeptSideBySide>
}
