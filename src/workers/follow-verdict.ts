import type { PipelineDeclaration } from '../declarations/winnow-yaml.ts'
import type { FollowUp } from '../domain/follow-up.ts'
import type { Transaction } from '../domain/ports.ts'
import { nextRelease, releaseWaiting } from '../domain/release.ts'
import type { Run } from '../domain/run.ts'
import type { Time } from '../domain/time.ts'
import type { Receipt, Verdict } from '../domain/verdict.ts'
import type { Policy } from '../policies/policy.ts'
import { retrain } from './retrain.ts'
import { move } from './transitions.ts'

export interface Judged {
  readonly verdict: number
  readonly run: Run
  readonly receipt: Receipt
  /** Undefined where none could be understood. */
  readonly policy: Policy | undefined
  /** As the protected branch declares it; undefined where it does not any more. */
  readonly pipeline: PipelineDeclaration | undefined
}

/** What follows a verdict, as its policy says; a retrain is asked for here, releases are the caller's. */
export const followVerdict = async (tx: Transaction, judged: Judged, at: Time): Promise<FollowUp> => {
  const { verdict, run, receipt, policy, pipeline } = judged
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
