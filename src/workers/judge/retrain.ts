import { justRecorded } from '../../domain/change.ts'
import { digestJson } from '../../domain/digest.ts'
import type { FollowUp } from '../../domain/follow-up.ts'
import type { Transaction } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'
import { formatTime, type Time } from '../../domain/time.ts'
import type { Receipt } from '../../domain/verdict.ts'
import { decideRetrain } from '../../policies/following/decide-retrain.ts'
import type { Policy } from '../../policies/language/policy.ts'
import { create } from '../running/transitions.ts'

/**
 * Asks for another attempt at a refused run, within the policy's bounds: a change, in the transaction that gives the
 * verdict. The retrains of a model are granted one after another, so that a budget is never overdrawn.
 */
export const retrain = async (
  tx: Transaction,
  run: Run,
  verdict: number,
  receipt: Receipt,
  policy: Policy,
  at: Time,
): Promise<FollowUp> => {
  await tx.lock(`retrain ${run.repository} ${run.model}`)
  const cause = (await tx.get('change', run.change))?.cause
  const attempt = cause?.kind === 'retrain' ? cause.attempt : 1
  const before = cause?.kind === 'retrain' ? (await tx.list('verdict', { run: cause.run }, 1))[0] : undefined
  const { repository, model } = run
  const granted = await tx.list('change', { repository, model }, policy.retrain?.budget?.runs ?? 1)
  const decision = decideRetrain(policy, {
    attempt,
    parameters: run.parameters,
    metrics: receipt.evidence.metrics,
    before: before?.receipt?.evidence.metrics ?? null,
    endedAt: run.endedAt ?? at,
    granted: granted.map((change) => change.receivedAt),
    now: at,
  })
  if (decision.kind === 'stopped') return decision
  const next = { kind: 'retrain', pipeline: run.pipeline, run: run.id, attempt: attempt + 1 } as const
  const dedupeKey = `retrain:${run.id}:${next.attempt}`
  const [known] = await tx.list('change', { dedupeKey }, 1)
  if (known !== undefined) return { kind: 'stopped', reason: `it is trained again already, by change ${known.id}` }
  const { parameters } = decision
  const why = `run ${run.id} was not good enough: attempt ${next.attempt}`
  const change = await create(
    tx,
    'change',
    {
      repository,
      model,
      cause: { ...next, parameters },
      author: 'winnow',
      dedupeKey,
      bodyDigest: digestJson({ ...next, parameters, verdict }),
      receivedAt: at,
      ...justRecorded,
      nextAt: decision.at,
    },
    why,
    at,
  )
  await tx.enqueue('match', change.id, decision.at)
  const when = decision.at > at ? `, not before ${formatTime(decision.at)}` : ''
  return {
    kind: 'retrain',
    reason: `it is trained again: attempt ${next.attempt}${when}`,
    attempt: next.attempt,
    at: decision.at,
  }
}
