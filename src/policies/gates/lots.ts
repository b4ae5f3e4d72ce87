import type { Gate } from '../language/policy.ts'
import { classWays } from '../measures/ways.ts'

/** Gates that are best prepared by one thread, by their places in the policy. */
export type Lot = readonly number[]

/**
 * Deals gates into lots: those of one lot are worked out of the same rankings, sums or counts, which are made once for
 * all of them. The lots that take longest come first, so that threads which take one after the other end together.
 */
export const lotsOf = (gates: readonly Gate[]): readonly Lot[] => {
  const lots = new Map<string, number[]>()
  for (const [at, gate] of gates.entries()) {
    const name = workOf(gate)
    lots.set(name, [...(lots.get(name) ?? []), at])
  }
  return [...lots].sort(([a], [b]) => costOf(a) - costOf(b)).map(([, lot]) => lot)
}

const rankingOfAll = 'ranking of all'
const rankingsOfClasses = 'rankings of classes'

const workOf = (gate: Gate): string => {
  if (gate.kind !== 'metric') return gate.kind
  if (wayOf(gate.metric) !== 'area') return gate.metric
  return gate.each === null && !gate.metric.startsWith('macro') ? rankingOfAll : rankingsOfClasses
}

/** The less, the longer it takes. */
const costOf = (work: string): number => {
  if (work === rankingOfAll) return 0
  if (work === rankingsOfClasses) return 1
  switch (wayOf(work)) {
    case 'sums':
      return 2
    case 'cells':
      return 3
    default:
      return 4
  }
}

const wayOf = (metric: string) => (Object.hasOwn(classWays, metric) ? classWays[metric]?.kind : undefined)
