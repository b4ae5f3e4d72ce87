import { type PreparedGate, prepareGate } from '../../policies/gates/judge.ts'
import type { Lot } from '../../policies/gates/lots.ts'
import type { Policy } from '../../policies/language/policy.ts'
import { caseOf, type SharedCase } from './shared-case.ts'

/** What several threads work on together. */
export interface GatesTask {
  readonly policy: Pick<Policy, 'gates' | 'seed' | 'resamples'>
  readonly shared: SharedCase
  readonly lots: readonly Lot[]
  /** One number, in memory that all of them see: how many lots are taken. */
  readonly taken: Int32Array
}

/** Gates by their places in the policy. */
export type PreparedLots = readonly (readonly [at: number, gate: PreparedGate])[]

/** Takes one lot after the other that no other thread has taken, until there are none. */
export const prepareLots = ({ policy, shared, lots, taken }: GatesTask): PreparedLots => {
  const judged = caseOf(shared)
  const take = (): Lot | undefined => lots[Atomics.add(taken, 0, 1)]
  const prepared: [number, PreparedGate][] = []
  for (let lot = take(); lot !== undefined; lot = take())
    for (const at of lot) prepared.push([at, prepareGate(policy.gates[at] as Policy['gates'][number], judged, policy)])
  return prepared
}
