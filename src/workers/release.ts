import { Fault, isFault, messageOf } from '../domain/errors.ts'
import type { Operation, Store, Target, Transaction } from '../domain/ports.ts'
import { nextRelease, type Release, type ReleaseEvent, releaseWaiting } from '../domain/release.ts'
import { planRelease, type ReleaseAction, releaseKey, servingNow } from '../domain/release-plan.ts'
import type { Duration, Time } from '../domain/time.ts'
import { reopenVerdict } from '../domain/verdict.ts'
import { admissionOf, readAsked } from './admission.ts'
import { type DeclarationPorts, readProtectedDeclaration } from './declaration.ts'
import { type Delivery, deliver, type Following } from './deliver.ts'
import { turnOf, wakeWaiting } from './release-turn.ts'
import type { StepContext, StepFunction } from './step.ts'
import { move } from './transitions.ts'

export interface ReleasePorts extends DeclarationPorts {
  readonly store: Store
  /** The target of that name, undefined where the config has none. */
  readonly target: (name: string) => Target | undefined
}

/** How soon a long-running operation is looked at again. */
const operationPoll: Duration = 1_000
/** Many operations end at once, so the first look comes soon. */
const firstOperationLook: Duration = 50
/** How soon a release that waits for another is looked at again, should nobody wake it. */
const turnPoll: Duration = 15_000
/** How soon what an environment asks is read again, where only people or another policy can change the answer. */
const rulesPoll: Duration = 15 * 60_000

/**
 * Moves one release one action on. The endpoint is read first, every time: what it looks like and what the release
 * wants decide the action, so an action whose answer a crash swallowed is seen to be done, or is done again.
 */
export const createReleaseStep =
  (ports: ReleasePorts): StepFunction<'release'> =>
  async (row, context) => {
    if (releaseWaiting.includes(row.state)) return takeTurn(ports, row, context)
    const target = ports.target(row.target)
    if (target === undefined)
      return settle(ports, row, failureOf(row, `the config names no target ${row.target}`, context), context)
    try {
      const release = await finishOperation(target, row, context)
      if (release === undefined) return await later(ports, row, operationPoll, context)
      const endpoint = release.endpoint === null ? undefined : await target.endpoint(release.endpoint, context.signal)
      await act(ports, target, release, planRelease(release, endpoint), context)
    } catch (error) {
      if (!isFault(error) || error.retryable) throw error
      await settle(ports, row, failureOf(row, messageOf(error), context), context)
    }
  }

const takeTurn = async (ports: ReleasePorts, row: Release, context: StepContext): Promise<void> => {
  const asked = await readAsked(ports, row, context.signal)
  const at = context.now()
  await ports.store.transaction(async (tx) => {
    const turn = await turnOf(row, tx)
    if (turn.kind === 'superseded')
      return write(tx, row, { kind: 'superseded', reason: `release ${turn.by.id} is newer`, at }, at)
    const admission = await admissionOf(tx, row, asked, at)
    switch (admission.kind) {
      case 'refused':
        return write(tx, row, { kind: 'refused', reason: admission.reason, at }, at)
      case 'judgeAgain':
        await judgeAgain(tx, row.verdict, admission.reason, at)
        return write(tx, row, { kind: 'superseded', reason: `it is judged again: ${admission.reason}`, at }, at)
      case 'wait': {
        const { reason, until } = admission
        await write(tx, row, { kind: 'hold', reason, nextAt: until ?? at + rulesPoll }, at)
        // Without a moment that is known, the reconciler brings it back, should nobody wake it.
        if (until !== null) await tx.enqueue('release', row.id, until)
        return
      }
    }
    if (turn.kind === 'begin') {
      await write(tx, row, { kind: 'begin' }, at)
      return tx.enqueue('release', row.id)
    }
    await tx.update('release', { ...row, reason: `waits for release ${turn.behind.id}`, nextAt: at + turnPoll })
    await tx.enqueue('release', row.id, at + turnPoll)
  })
}

const write = async (tx: Transaction, row: Release, event: ReleaseEvent, at: Time): Promise<void> => {
  const after = nextRelease(row, event)
  if (after === undefined) return
  const why = after.reason === '' ? beginReason(after) : after.reason
  await move(tx, 'release', row, after.state === 'registering' ? { ...after, nextAt: at } : after, why, at)
}

const beginReason = ({ override }: Release): string =>
  override ? `${override.person} overrides its verdict: ${override.reason}` : 'it is its turn'

/** A release that begins is bound to the policy that the protected branch has: where that is another, it judges first. */
const judgeAgain = async (tx: Transaction, id: number, reason: string, at: Time): Promise<void> => {
  const verdict = await tx.get('verdict', id)
  if (verdict === undefined || verdict.state === 'pending') return
  await move(tx, 'verdict', verdict, reopenVerdict(verdict), reason, at)
  await tx.enqueue('judge', id)
}

/** The release without the operation that it waited for, or undefined while that goes on. A failed operation is a fault. */
const finishOperation = async (
  target: Target,
  release: Release,
  context: StepContext,
): Promise<Release | undefined> => {
  if (release.operation === null) return release
  const view = await target.operation(release.operation, context.signal)
  if (!view.done) return undefined
  if (view.error !== null)
    throw new Fault('deploy_failed', `${doing[release.state] ?? release.state} failed: ${view.error}`, {
      remedy: "the words are the target's own; correct what they name and push again",
    })
  return { ...release, operation: null }
}

const doing: Partial<Readonly<Record<Release['state'], string>>> = {
  registering: 'registering the model',
  deploying: 'deploying the model',
  retiring: 'removing the old model',
  rollingBack: 'removing the candidate',
}

const act = async (
  ports: ReleasePorts,
  target: Target,
  release: Release,
  action: ReleaseAction,
  context: StepContext,
): Promise<void> => {
  const { signal } = context
  const at = context.now()
  const go = (event: ReleaseEvent, why: string) => settle(ports, release, { event, why }, context)
  const begun = <T>(operation: Operation<T>, done: (result: T) => Promise<void>): Promise<void> =>
    operation.done
      ? done(operation.result)
      : go({ kind: 'operation', name: operation.name }, 'a long-running operation began')

  switch (action.do) {
    case 'register': {
      const run = await ports.store.get('run', release.run)
      // Another target's registry does not know the candidate: there its files are uploaded.
      const elsewhere = run !== undefined && run.target !== release.target
      const candidate = elsewhere ? { ...release.candidate, model: '', version: '' } : release.candidate
      return begun(await target.register(release.model, candidate, releaseKey(release), signal), (model) =>
        go({ kind: 'registered', model }, `registered as ${model.model}@${model.version}`),
      )
    }
    case 'findEndpoint': {
      const found = await target.findEndpoint(release.endpointName, signal)
      if (found === undefined)
        return begun(await target.createEndpoint(release.endpointName, signal), () =>
          go({ kind: 'operation', name: null }, 'the endpoint was made'),
        )
      const previous = servingNow(found)
      return go({ kind: 'endpointReady', endpoint: found.name, previous }, 'the endpoint is there')
    }
    case 'deploy': {
      if (release.endpoint === null || release.registered === null) return
      const operation = await target.deploy(release.endpoint, release.registered, releaseKey(release), signal)
      return begun(operation, (deployed) =>
        go({ kind: 'deployed', deployedModel: deployed.id }, 'the candidate is deployed, without traffic'),
      )
    }
    case 'deployed':
      return go({ kind: 'deployed', deployedModel: action.deployedModel }, 'the candidate is deployed, without traffic')
    case 'split':
      if (release.endpoint === null) return
      await target.split(release.endpoint, action.split, signal)
      return go({ kind: 'operation', name: null }, 'the traffic was moved')
    case 'undeploy':
      if (release.endpoint === null) return
      return begun(await target.undeploy(release.endpoint, action.deployedModel, signal), () =>
        go({ kind: 'operation', name: null }, 'a model was removed'),
      )
    case 'shifted':
      return go({ kind: 'shifted' }, 'all traffic goes to the candidate')
    case 'finish':
      if (release.registered !== null)
        await target.alias(release.registered, ['champion', aliasOf(release.environment)], signal)
      return go({ kind: 'retiredOld', at }, 'all traffic goes to the candidate')
    case 'fail':
      return go({ kind: 'failed', reason: action.reason, at }, action.reason)
    case 'lose':
      return go({ kind: 'lost', reason: action.reason }, action.reason)
    case 'undone':
      return go({ kind: 'undone', at }, release.reason)
    case 'giveUp':
      context.log.error({ release: release.id, reason: action.reason }, 'a release could not be undone')
      return go({ kind: 'cannotUndo', reason: action.reason, at }, action.reason)
    case 'begin':
    case 'nothing':
      return
  }
}

interface Outcome {
  readonly event: ReleaseEvent
  readonly why: string
}

const failureOf = (release: Release, reason: string, context: StepContext): Outcome => {
  const at = context.now()
  const kind = release.state === 'rollingBack' ? 'cannotUndo' : 'failed'
  return { event: { kind, reason, at }, why: reason }
}

/** Writes what an action came to, and what follows from it: the next action, or whatever an ended release sets free. */
const settle = async (
  ports: ReleasePorts,
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
  const delay = after.operation === null ? 0 : firstOperationLook
  await ports.store.transaction(async (tx) => {
    await move(tx, 'release', before, { ...after, failures: 0, nextAt: isOpen ? at + delay : null }, why, at)
    if (isOpen) {
      await tx.enqueue('release', after.id, delay === 0 ? undefined : at + delay)
      return
    }
    if (live) {
      await retireOthers(tx, after, at)
      // What an override brought goes no further by itself.
      if (following !== undefined && !after.override) await deliver(tx, deliveryOf(after), following, at)
    }
    await wakeWaiting(tx, after, at)
  })
  context.log.info({ release: after.id, from: before.state, to: after.state, why }, 'release moved')
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
const declaredNow = async (ports: ReleasePorts, release: Release, context: StepContext): Promise<Following> => {
  const { declaration } = await readProtectedDeclaration(ports, release.repository, context.signal)
  if (declaration.ok) return { declared: declaration.value.environments, after: release.environment }
  context.log.warn({ release: release.id, reason: declaration.reason }, 'environments after a live one are not known')
  return { declared: [], after: release.environment }
}

const deliveryOf = (release: Release): Delivery => {
  const { verdict, run, repository, model, candidate, receiptDigest } = release
  return { verdict, run, repository, model, candidate, receiptDigest }
}

const later = async (ports: ReleasePorts, row: Release, delay: Duration, context: StepContext): Promise<void> => {
  const at = context.now() + delay
  await ports.store.transaction(async (tx) => {
    await tx.update('release', { ...row, failures: 0, nextAt: at })
    await tx.enqueue('release', row.id, at)
  })
}

/** A model alias out of an environment's name: a letter first, letters, digits and hyphens. */
const aliasOf = (environment: string): string => {
  const slug = environment
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return /^[a-z].*[a-z0-9]$/.test(slug) ? slug.slice(0, 128) : `env-${slug}`
}
