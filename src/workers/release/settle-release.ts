import type { Store, Transaction } from '../../domain/ports/store.ts'
import { nextRelease, type Release, type ReleaseEvent } from '../../domain/release.ts'
import type { Duration, Time } from '../../domain/time.ts'
import { readProtectedDeclaration } from '../declaration/declaration.ts'
import type { StepContext } from '../running/step.ts'
import { move } from '../running/transitions.ts'
import type { TellingPorts } from '../runs/tell-upstream.ts'
import { type Delivery, deliver, type Following } from './deliver.ts'
import { wakeWaiting } from './release-turn.ts'
import { hearLive, tellLive } from './tell-live.ts'

export interface SettlePorts extends TellingPorts {
  readonly store: Store
}

/** Many operations end at once, so the first look comes soon. */
const firstOperationLook: Duration = 50

/** What an action came to. */
export interface Outcome {
  readonly event: ReleaseEvent
  readonly why: string
}

export const failureOf = (release: Release, reason: string, context: StepContext): Outcome => {
  const at = context.now()
  const kind = release.state === 'rollingBack' ? 'cannotUndo' : 'failed'
  return { event: { kind, reason, at }, why: reason }
}

/** Writes what an action came to, and what follows from it: the next action, or whatever an ended release sets free. */
export const settle = async (
  ports: SettlePorts,
  before: Release,
  { event, why }: Outcome,
  context: StepContext,
): Promise<void> => {
  const at = context.now()
  const after = nextRelease(before, event)
  if (after === undefined) return
  const isOpen = after.endedAt === null
  const live = after.state === 'live'
  const following = live ? await declaredNow(ports, after, context) : undefined
  const news = live ? await hearLive(ports, after, context) : undefined
  const delay = delayOf(after, at)
  await ports.store.transaction(async (tx) => {
    await move(tx, 'release', before, { ...after, failures: 0, nextAt: isOpen ? at + delay : null }, why, at)
    if (isOpen) {
      await tx.enqueue('release', after.id, delay === 0 ? undefined : at + delay)
      return
    }
    if (live) {
      await retireOthers(tx, after, at)
      if (news !== undefined) await tellLive(tx, news, at)
      // What an override brought goes no further by itself.
      if (following !== undefined && !after.override) await deliver(tx, deliveryOf(after), following, at)
    }
    if (after.canary && after.state === 'rolledBack') await tellTakenBack(tx, after)
    await wakeWaiting(tx, after, at)
  })
  if (after.state !== before.state)
    context.log.info({ release: after.id, from: before.state, to: after.state, why }, 'release moved')
}

/** What its verdict leads to now: nothing more by itself. */
const tellTakenBack = async (tx: Transaction, { verdict: id, reason }: Release): Promise<void> => {
  const verdict = await tx.get('verdict', id)
  if (verdict?.follows?.kind !== 'canary') return
  const follows = { kind: 'person', reason: `it waits for a person: its canary was taken back: ${reason}` } as const
  await tx.update('verdict', { ...verdict, follows })
}

const delayOf = ({ operation, state, nextAt }: Release, at: Time): Duration => {
  if (operation !== null) return firstOperationLook
  return state === 'holding' && nextAt !== null ? Math.max(0, nextAt - at) : 0
}

/** One model has an endpoint's traffic, and one release an environment: whatever lived there before does not any more. */
const retireOthers = async (tx: Transaction, live: Release, at: Time): Promise<void> => {
  const { repository, model, environment, target, endpointName } = live
  const sameEndpoint = await tx.list('release', { target, endpointName, state: 'live' })
  const sameEnvironment = await tx.list('release', { repository, model, environment, state: 'live' })
  const others = new Map([...sameEndpoint, ...sameEnvironment].map((release) => [release.id, release]))
  others.delete(live.id)
  const reason = `release ${live.id} is live`
  for (const old of others.values()) {
    const retired = nextRelease(old, { kind: 'replaced', reason })
    if (retired !== undefined) await move(tx, 'release', old, retired, reason, at)
  }
}

/** The environments that come after this one, as the protected branch declares them now. */
const declaredNow = async (ports: SettlePorts, release: Release, context: StepContext): Promise<Following> => {
  const { declaration } = await readProtectedDeclaration(ports, release.repository, context.signal)
  if (declaration.ok) return { declared: declaration.value.environments, after: release.environment }
  context.log.warn({ release: release.id, reason: declaration.reason }, 'environments after a live one are not known')
  return { declared: [], after: release.environment }
}

const deliveryOf = (release: Release): Delivery => {
  const { verdict, run, repository, model, candidate, receiptDigest, canary } = release
  return { verdict, run, repository, model, candidate, receiptDigest, ...(canary ? { canary } : {}) }
}
