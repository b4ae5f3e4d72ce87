import type { GateOutcome } from '../../domain/verdict.ts'
import type { Judgement } from '../gates/judge.ts'
import type { TestCase } from './parse-test-cases.ts'

/** Something that came out otherwise than a case expects. */
export interface Mismatch {
  /** Null: the outcome of the whole. */
  readonly gate: string | null
  readonly expected: GateOutcome
  readonly got: GateOutcome
  /** With the number against its limit, where one decided. */
  readonly reason: string
}

/** What a case expects and did not get; empty: it passed. */
export const mismatchesOf = (
  { outcome, gates }: Pick<TestCase, 'outcome' | 'gates'>,
  judged: Judgement,
): Mismatch[] => [
  ...Object.entries(gates).flatMap(([gate, expected]): Mismatch[] => {
    const verdict = judged.gates.find((one) => one.gate === gate)
    if (verdict === undefined || verdict.outcome === expected) return []
    return [{ gate, expected, got: verdict.outcome, reason: verdict.reason }]
  }),
  ...(outcome === null || outcome === judged.outcome
    ? []
    : [{ gate: null, expected: outcome, got: judged.outcome, reason: judged.reason }]),
]

/** `no dead class: expected pass, got fail: recall of BARBUNYA is 0.000, …` */
export const mismatchText = ({ gate, expected, got, reason }: Mismatch): string =>
  `${gate ?? 'outcome'}: expected ${expected}, got ${got}: ${reason}`
