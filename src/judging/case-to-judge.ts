import type { Digest } from '../domain/digest.ts'
import type { Evidence } from '../domain/evidence.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Approval } from '../policies/gates/case.ts'
import type { Judgement } from '../policies/gates/judge.ts'
import type { CheckFacts, CheckResult } from '../policies/language/checks.ts'
import type { Predictions } from '../policies/predictions/predictions.ts'

// A case as it crosses into a thread: plain data, where policies/gates/case.ts has answers with what was worked out of them.

/** A table of a model's answers on this machine. */
export interface PredictionsFile {
  /** `*.csv`, `*.jsonl`, `*.ndjson` or `*.parquet`. */
  readonly path: string
  /** The column of the truth; null: `label`, `target` or `truth`. */
  readonly label: string | null
  /** What faults call the file; its path where that is left out. */
  readonly name?: string
}

/** Answers that are kept, by what they are. */
interface KeptAnswers {
  readonly kept: Digest
}

export interface ModelToJudge {
  readonly evidence: Pick<Evidence, 'metrics' | 'perClass' | 'confusion'>
  /** Files and what is kept are read in the thread: so a million examples are judged without stopping the event loop. */
  readonly predictions: Predictions | PredictionsFile | KeptAnswers | null
}

type ReferenceToJudge =
  | (ModelToJudge & { readonly kind: 'known' })
  | { readonly kind: 'none' | 'unknown'; readonly reason: string }

export interface CaseToJudge {
  readonly candidate: ModelToJudge
  /** By referenceName: `champion`, `MODEL@ALIAS`. */
  readonly references: Readonly<Record<string, ReferenceToJudge>>
  /** What checks read besides the numbers, which are taken from the evidence and the predictions. */
  readonly facts: { readonly change: JsonObject; readonly candidate: JsonObject }
  readonly approvals: readonly Approval[]
  readonly author: string
}

/** What became of a case, with what its checks read and gave, so that it can be judged again. */
export interface Judged {
  readonly judgement: Judgement
  /** Null where the policy has no checks. */
  readonly facts: CheckFacts | null
  readonly checks: Readonly<Record<string, CheckResult>>
}
