import type { Digest } from '../domain/digest.ts'
import type { KeptPredictions } from '../domain/verdict.ts'
import type { ReadTable } from '../policies/data/profile.ts'
import type { Policy } from '../policies/policy.ts'
import type { Predictions } from '../policies/predictions/predictions.ts'
import type { CaseToJudge, Judged } from './case-to-judge.ts'
import type { LiveJudged, LiveTask } from './live-task.ts'

/** What the judge step does with files of this machine and outside of the event loop. Faults: `predictions_invalid`, `judging_failed`. */
export interface Judging {
  judge(
    policy: Pick<Policy, 'gates' | 'seed' | 'resamples'>,
    toJudge: CaseToJudge,
    signal: AbortSignal,
  ): Promise<Judged>
  /** What live gates say of a candidate at a look, and what was measured of it. */
  judgeLive(task: LiveTask, signal: AbortSignal): Promise<LiveJudged>
  /** A table of answers, whatever the file is called; `label` null: by its usual names. */
  readAnswers(path: string, label: string | null, signal: AbortSignal): Promise<Predictions>
  /** The lines of a batch prediction. */
  readScored(paths: readonly string[], label: string, signal: AbortSignal): Promise<Predictions>
  readHead(path: string, rows: number, signal: AbortSignal): Promise<TableHead>
  profile(
    train: readonly string[],
    test: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly train: ReadTable; readonly leakedRows: number | null }>
  /** Keeps answers for as long as verdicts are. */
  keep(predictions: Predictions): Promise<Pick<KeptPredictions, 'digest' | 'rows'>>
  /** What was kept; undefined where it is not there any more. */
  kept(digest: Digest): Promise<Predictions | undefined>
  /** Bytes of files. */
  sizeOf(paths: readonly string[]): Promise<number>
}

export interface TableHead {
  readonly format: 'csv' | 'jsonl' | 'parquet'
  readonly columns: readonly string[]
  /** The first rows, by column. */
  readonly rows: readonly Readonly<Record<string, string | number | boolean | null>>[]
}
