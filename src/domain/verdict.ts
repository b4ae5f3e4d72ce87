import type { Digest } from './digest.ts'
import type { Evidence, ModelVersion } from './evidence.ts'
import type { Time } from './time.ts'

export type Outcome = 'pass' | 'fail' | 'inconclusive'

/** One comparison of a gate: one number against one limit; a gate over each class has one for every class. */
export interface GateCheck {
  readonly metric: string
  /** The class, for a gate with `each`. */
  readonly of: string | null
  /** Null where the evidence lacks it. */
  readonly value: number | null
  readonly limit: { readonly kind: 'atLeast' | 'atMost'; readonly value: number }
  readonly outcome: Outcome
  /** `recall of BARBUNYA is 0.000, 0.850 below the 0.85 that is asked` */
  readonly reason: string
}

export interface GateVerdict {
  readonly gate: string
  readonly outcome: Outcome
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
