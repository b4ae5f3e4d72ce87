import type { Digest } from './digest.ts'
import type { Evidence, ModelVersion } from './evidence.ts'
import type { Time } from './time.ts'

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
}

export type VerdictState = 'pending' | Outcome

export interface Verdict {
  readonly id: number
  readonly version: number
  readonly run: number
  readonly state: VerdictState
  /** Null while pending. */
  readonly receipt: Receipt | null
  readonly createdAt: Time
  readonly judgedAt: Time | null
}

/** A verdict is given once; undefined where it has been given already. */
export const nextVerdict = (verdict: Verdict, receipt: Receipt, at: Time): Verdict | undefined =>
  verdict.state === 'pending' ? { ...verdict, state: receipt.outcome, receipt, judgedAt: at } : undefined
