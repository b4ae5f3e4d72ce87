import type { Json } from '../../domain/json.ts'
import type { RolloutStep } from '../../domain/rollout.ts'
import type { Duration } from '../../domain/time.ts'

/** A policy, understood whole. Its gates are never none. */
export interface Policy {
  readonly version: 1
  readonly model: string
  /** In the file's order, those of gate sets that it uses first. */
  readonly gates: readonly Gate[]
  /** What an environment asks before it serves a candidate that passed; by its name. */
  readonly environments: Readonly<Record<string, EnvironmentRules>>
  /** What to do about a refused candidate; null: nothing. */
  readonly retrain: RetrainRules | null
  /** What to do about one that too little is known of. */
  readonly inconclusive: InconclusiveRule
  /** Where chance comes from: the same seed gives the same verdict. */
  readonly seed: number
  readonly resamples: number
}

export type Gate = MetricGate | CheckGate | RequireGate

interface AnyGate {
  readonly name: string
  /** Told, not held: its outcome does not count. */
  readonly advisory: boolean
}

/** A metric and its limits, both inclusive. At least one limit is set. */
export interface MetricGate extends AnyGate {
  readonly kind: 'metric'
  readonly metric: string
  readonly atLeast: number | null
  readonly atMost: number | null
  /** The target column, where the limits hold for each of its classes; the columns, for what is known of each column. */
  readonly each: string | null
  /** What the limits are about: the metric itself, or its change against another model. */
  readonly against: Reference | null
  readonly change: 'absolute' | 'relative'
  /** Between 0.5 and 1: how sure the comparison must be; null: the measured number decides. */
  readonly confidence: number | null
  /** The limits hold in every part of the examples: for each list, every combination of its columns' values. */
  readonly slices: readonly (readonly string[])[]
  /** A part with fewer is inconclusive. */
  readonly minExamples: number
}

export type Reference =
  | { readonly kind: 'champion' }
  | { readonly kind: 'baseline' }
  | { readonly kind: 'model'; readonly model: string; readonly alias: string }

/** `champion`, `baseline` or `MODEL@ALIAS`: as it is written, and by what evidence is found. */
export const referenceName = (reference: Reference): string =>
  reference.kind === 'model' ? `${reference.model}@${reference.alias}` : reference.kind

/** A condition in CEL over what is known. */
export interface CheckGate extends AnyGate {
  readonly kind: 'check'
  readonly expression: string
}

/** So many people must have said yes to exactly this candidate. */
export interface RequireGate extends AnyGate {
  readonly kind: 'require'
  readonly approvals: ApprovalRule
}

export interface ApprovalRule {
  readonly count: number
  /** Groups and names that count; empty: everybody who may approve. */
  readonly from: readonly string[]
  readonly notAuthor: boolean
  /** An approval counts for so long; null: as long as the candidate does. */
  readonly validFor: Duration | null
}

export interface EnvironmentRules {
  readonly approvals: ApprovalRule | null
  /** Where any are allowed, a release begins only within one; a denied one forbids whatever is allowed. */
  readonly windows: readonly Window[]
  /** How the traffic comes to a candidate. Never none; the last step has all of it. */
  readonly rollout: readonly RolloutStep[]
}

/** A part of the week in a time zone, daylight saving included. */
export interface Window {
  readonly kind: 'allow' | 'deny'
  /** 0 is Monday. */
  readonly days: readonly number[]
  /** Minutes after midnight, from 0 to 1440; where `to` is not after `from`, it ends on the next day. */
  readonly from: number
  readonly to: number
  readonly timezone: string
}

export interface RetrainRules {
  /** Counts the retrained runs, the first run not. */
  readonly attempts: number
  /** The shortest time between the end of a refused run and the next. */
  readonly cooldown: Duration
  /** A value, or an expression over the parameter's value in the run before. */
  readonly parameters: Readonly<Record<string, RetrainParameter>>
  /** At most so many retrained runs of the model in so long; null: no bound. */
  readonly budget: { readonly runs: number; readonly per: Duration } | null
  /** Ends the attempts when the last one did not improve this metric by as much; null: goes on. */
  readonly brake: { readonly metric: string; readonly improvesBy: number } | null
}

export type RetrainParameter =
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'expression'; readonly expression: string }

/**
 * `person`: it waits for somebody. `moreData`: it is judged again when the trigger brings more. `retrain`: as a refusal.
 * `canary`: the first step of a rollout asks the unclear gates again, of what the candidate does live.
 */
type InconclusiveRule = 'person' | 'moreData' | 'retrain' | 'canary'
