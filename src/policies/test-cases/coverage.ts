import type { GateOutcome } from '../../domain/verdict.ts'
import { isLive } from '../language/metrics.ts'
import type { Gate } from '../language/policy.ts'
import type { TestCase } from './parse-test-cases.ts'

/** Of one gate: what some case expects of it, and what none does. */
interface GateCoverage {
  readonly gate: string
  readonly expected: readonly GateOutcome[]
  readonly missing: readonly GateOutcome[]
}

export interface Coverage {
  readonly gates: readonly GateCoverage[]
  /** How many of the outcomes that gates can have are expected by a case, and how many there are. */
  readonly covered: number
  readonly all: number
}

/**
 * Which outcomes of which gates are expected by name in some case. Every gate can pass and can fail; one with confidence
 * or with parts can be inconclusive, and so can one that waits for people.
 */
export const coverageOf = (gates: readonly Gate[], cases: readonly Pick<TestCase, 'gates'>[]): Coverage => {
  // No case states what a model does while it serves.
  const stated = gates.filter((gate) => gate.kind !== 'metric' || !isLive(gate.metric))
  const rows = stated.map((gate): GateCoverage => {
    const said = new Set(cases.flatMap(({ gates: expected }) => expected[gate.name] ?? []))
    const possible = outcomesOf(gate)
    return {
      gate: gate.name,
      expected: possible.filter((outcome) => said.has(outcome)),
      missing: possible.filter((outcome) => !said.has(outcome)),
    }
  })
  const covered = rows.reduce((sum, { expected }) => sum + expected.length, 0)
  return { gates: rows, covered, all: covered + rows.reduce((sum, { missing }) => sum + missing.length, 0) }
}

const outcomesOf = (gate: Gate): readonly GateOutcome[] =>
  gate.kind === 'require' || (gate.kind === 'metric' && (gate.confidence !== null || gate.slices.length > 0))
    ? ['pass', 'fail', 'inconclusive']
    : ['pass', 'fail']
