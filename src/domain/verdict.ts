import type { Digest } from './digest.ts'
import type { Evidence, ModelVersion } from './evidence.ts'
import type { FollowUp } from './follow-up.ts'
import type { JsonObject } from './json.ts'
import type { Duration, Time } from './time.ts'

export type Outcome = 'pass' | 'fail' | 'inconclusive'

/** What became of a gate. `skipped`: it compares with a model that there is not yet. */
export type GateOutcome = Outcome | 'skipped'

/** How sure a comparison is. */
export interface CheckInterval {
  /** Between 0.5 and 1; both bounds are one-sided at it. */
  readonly confidence: number
  readonly low: number
  readonly high: number
  /** `Wilson`, `DeLong`, `paired bootstrap` … */
  readonly method: string
  /** One-sided, adjusted by Holm for all confident checks: of meeting the limit, and of missing it. */
  readonly meets: number
  readonly misses: number
}

/** One comparison of a gate: one number against one limit; a gate over classes and slices has one for every part. */
export interface GateCheck {
  readonly metric: string
  /** The class (of data: the column), for a gate with `each`. */
  readonly of: string | null
  /** The part of the examples, such as `region = north`; null for all. */
  readonly slice: string | null
  /** How many examples it was measured on; null where that is not known. */
  readonly examples: number | null
  /** What is compared with the limit: the metric, or its change. Null where the evidence lacks it. */
  readonly value: number | null
  readonly limit: { readonly kind: 'atLeast' | 'atMost'; readonly value: number }
  /** For a change: of what kind, and the metric of both sides. */
  readonly change: {
    readonly kind: 'absolute' | 'relative'
    readonly against: string
    readonly candidate: number
    readonly reference: number
  } | null
  readonly interval: CheckInterval | null
  readonly outcome: GateOutcome
  /** `recall of BARBUNYA is 0.000, 0.850 below the 0.85 that is asked` */
  readonly reason: string
}

export interface GateVerdict {
  readonly gate: string
  /** Told, not held. */
  readonly advisory: boolean
  readonly outcome: GateOutcome
  readonly reason: string
  readonly checks: readonly GateCheck[]
}

/** The receipt: the outcome with all that it was made of. */
export interface Receipt {
  readonly outcome: Outcome
  readonly reason: string
  readonly gates: readonly GateVerdict[]
  readonly policy: { readonly path: string; readonly digest: Digest; readonly commit: string }
  readonly candidate: ModelVersion | null
  readonly evidence: Evidence
  readonly irDigest: Digest
  readonly manifestDigest: Digest
  readonly winnow: string
  /** What it takes to judge again. The first receipts lack it: they explain, and that is all. */
  readonly judged?: JudgedInputs
}

/** All that was judged besides the candidate's evidence: the same inputs give the same gates, bit for bit. */
export interface JudgedInputs {
  readonly at: Time
  readonly run: number
  /** winnow.yaml's name of the model. */
  readonly model: string | null
  /** Of the code that made the candidate. */
  readonly commit: string
  /** The policy's own text first, then the gate sets that it uses; empty where no policy could be read. */
  readonly policy: readonly PolicyText[]
  readonly seed: number
  readonly resamples: number
  /** The candidate's answers; null where there were none. */
  readonly predictions: KeptPredictions | null
  /** The champion and whatever else was compared with, by the name that gates use. */
  readonly references: Readonly<Record<string, JudgedReference>>
  /** What checks may read besides numbers. */
  readonly facts: { readonly change: JsonObject; readonly candidate: JsonObject }
  /** All that checks read, null where the policy has none; and what each gave, by its gate. */
  readonly checkFacts: JsonObject | null
  readonly checks: Readonly<Record<string, JudgedCheck>>
  readonly approvals: readonly JudgedApproval[]
  readonly author: string
  /** Why nothing was judged; null where it was. */
  readonly withoutPolicy: string | null
  /** Why there is nothing to deliver, whatever the gates say; null where there is. */
  readonly withoutCandidate: string | null
  /** Digest of all the above and of the receipt's other inputs: what was changed afterwards shows. */
  readonly digest: Digest
}

export interface PolicyText {
  readonly path: string
  readonly digest: Digest
  readonly text: string
}

/** Answers of a model. A copy is kept under the digest for as long as the verdict is. */
export interface KeptPredictions {
  /** Of the answers as encodePredictions writes them. */
  readonly digest: Digest
  readonly rows: number
  /** Where they were read. */
  readonly uri: string | null
}

export type JudgedReference =
  | { readonly kind: 'none' | 'unknown'; readonly reason: string }
  | {
      readonly kind: 'known'
      readonly version: ModelVersion | null
      readonly evidence: Pick<Evidence, 'metrics' | 'perClass' | 'confusion'>
      readonly predictions: KeptPredictions | null
    }

type JudgedCheck = { readonly ok: true; readonly value: boolean } | { readonly ok: false; readonly reason: string }

interface JudgedApproval {
  readonly by: string
  readonly groups: readonly string[]
  readonly decision: 'approve' | 'reject'
  readonly reason: string
  /** How long before the verdict it was said. */
  readonly age?: Duration
}

export type VerdictState = 'pending' | Outcome

export interface Verdict {
  readonly id: number
  readonly version: number
  readonly run: number
  readonly state: VerdictState
  /** The last one; null until it was judged. */
  readonly receipt: Receipt | null
  /** What it leads to; null until it was judged. */
  readonly follows?: FollowUp | null
  readonly createdAt: Time
  readonly judgedAt: Time | null
}

/** The verdict with its receipt; undefined where it has been given already. */
export const nextVerdict = (verdict: Verdict, receipt: Receipt, at: Time): Verdict | undefined =>
  verdict.state === 'pending' ? { ...verdict, state: receipt.outcome, receipt, judgedAt: at } : undefined

/** The verdict to be given again: somebody has spoken, or the policy is another. The old receipt stays until then. */
export const reopenVerdict = (verdict: Verdict): Verdict => ({ ...verdict, state: 'pending' })
