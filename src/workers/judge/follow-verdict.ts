import type { EnvironmentDeclaration, PipelineDeclaration } from '../../declarations/winnow-yaml.ts'
import type { FollowUp } from '../../domain/follow-up.ts'
import type { Transaction } from '../../domain/ports/store.ts'
import { nextRelease, releaseWaiting } from '../../domain/release.ts'
import type { Run } from '../../domain/run.ts'
import type { Time } from '../../domain/time.ts'
import type { Receipt, Verdict } from '../../domain/verdict.ts'
import type { Policy } from '../../policies/language/policy.ts'
import { canaryGates, takesCanary } from '../../policies/live/canary.ts'
import { nextEnvironments } from '../declaration/declaration.ts'
import { move } from '../running/transitions.ts'
import { retrain } from './retrain.ts'

export interface Judged {
  readonly verdict: number
  readonly run: Run
  readonly receipt: Receipt
  /** Undefined where none could be understood. */
  readonly policy: Policy | undefined
  /** As the protected branch declares it; undefined where it does not any more. */
  readonly pipeline: PipelineDeclaration | undefined
  readonly environments: readonly EnvironmentDeclaration[]
}

/** What follows a verdict, as its policy says; a retrain is asked for here, releases are the caller's. */
export const followVerdict = async (tx: Transaction, judged: Judged, at: Time): Promise<FollowUp> => {
  const { verdict, run, receipt, policy, pipeline, environments } = judged
  if (receipt.outcome === 'pass') return { kind: 'delivered', reason: receipt.reason }
  if (policy === undefined || receipt.candidate === null)
    return { kind: 'person', reason: `it waits for a person: ${receipt.reason}` }
  if (receipt.outcome === 'fail') return retrain(tx, run, verdict, receipt, policy, at)
  const approvals = missingApprovals(receipt, policy)
  if (approvals !== undefined) return { kind: 'person', reason: approvals }
  switch (policy.inconclusive) {
    case 'person':
      return { kind: 'person', reason: 'it waits for a person: more evidence, `winnow override` or `winnow reject`' }
    case 'retrain':
      return retrain(tx, run, verdict, receipt, policy, at)
    case 'canary':
      return canary(receipt, policy, environments)
    case 'moreData':
      return pipeline?.on.data
        ? {
            kind: 'moreData',
            reason: `it waits for more data: the next batch of ${run.pipeline} takes this run's data too`,
          }
        : {
            kind: 'person',
            reason: `it waits for more data, and ${run.pipeline} has no data trigger: a person has to look`,
          }
  }
}

/** A canary goes where a pass would go first, if what is unclear can be asked live and traffic may be shared there. */
const canary = (receipt: Receipt, policy: Policy, environments: readonly EnvironmentDeclaration[]): FollowUp => {
  const person = (why: string): FollowUp => ({ kind: 'person', reason: `it waits for a person: ${why}` })
  const asked = canaryGates(policy, receipt)
  if (!asked.ok) return person(`a canary would not tell, since ${asked.reason}`)
  const taking = nextEnvironments(environments, null).filter(({ name }) =>
    takesCanary(policy.environments[name]?.rollout ?? []),
  )
  if (taking.length === 0) return person('no environment that comes first takes a part of the traffic for a while')
  const gates = asked.gates.map(({ name }) => name).join(', ')
  return {
    kind: 'canary',
    reason: `a canary in ${taking.map(({ name }) => name).join(', ')} asks ${gates} again, live`,
  }
}

/** For whom it waits, where people are all that is missing: training again would not bring them. */
const missingApprovals = (receipt: Receipt, policy: Policy): string | undefined => {
  const open = receipt.gates.filter(({ advisory, outcome }) => !advisory && outcome === 'inconclusive')
  const people = new Set(policy.gates.filter(({ kind }) => kind === 'require').map(({ name }) => name))
  if (open.length === 0 || !open.every(({ gate }) => people.has(gate))) return undefined
  return open.map(({ gate, reason }) => `${gate}: ${reason}`).join('; ')
}

/** Releases that an earlier receipt of this verdict made and that have not begun: the new one speaks for itself. */
export const supersedeWaiting = async (tx: Transaction, verdict: Verdict, at: Time): Promise<void> => {
  const reason = `verdict ${verdict.id} was given again: ${verdict.state}`
  for (const release of await tx.list('release', { verdict: verdict.id, state: releaseWaiting })) {
    const after = release.override ? undefined : nextRelease(release, { kind: 'superseded', reason, at })
    if (after !== undefined) await move(tx, 'release', release, after, reason, at)
  }
}
