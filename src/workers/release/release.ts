import { Fault, isFault, messageOf } from '../../domain/errors.ts'
import type { Operation } from '../../domain/ports/operation.ts'
import type { Store, Transaction } from '../../domain/ports/store.ts'
import type { Target } from '../../domain/ports/target.ts'
import { nextRelease, type Release, type ReleaseEvent, releaseWaiting } from '../../domain/release.ts'
import { planRelease, type ReleaseAction, releaseKey, servingNow } from '../../domain/release-plan.ts'
import { allAtOnce, nameOfStep, type RolloutStep } from '../../domain/rollout.ts'
import type { Duration, Time } from '../../domain/time.ts'
import { reopenVerdict } from '../../domain/verdict.ts'
import { canarySteps } from '../../policies/live/canary.ts'
import type { StepContext, StepFunction } from '../running/step.ts'
import { move } from '../running/transitions.ts'
import type { TellingPorts } from '../runs/tell-upstream.ts'
import { type AskedNow, admissionOf, readAsked, rulesOf } from './admission.ts'
import { type LookPorts, lookAtStep } from './held-step.ts'
import { turnOf } from './release-turn.ts'
import { failureOf, settle } from './settle-release.ts'

export interface ReleasePorts extends LookPorts, TellingPorts {
  readonly store: Store
  /** The target of that name, undefined where the config has none. */
  readonly target: (name: string) => Target | undefined
}

/** How soon a long-running operation is looked at again. */
const operationPoll: Duration = 1_000
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
      await write(tx, row, { kind: 'begin', steps: stepsOf(row, asked) }, at)
      return tx.enqueue('release', row.id)
    }
    await tx.update('release', { ...row, reason: `waits for release ${turn.behind.id}`, nextAt: at + turnPoll })
    await tx.enqueue('release', row.id, at + turnPoll)
  })
}

/** Whoever overrides a verdict takes the whole step at once, too. */
const stepsOf = ({ override, canary }: Release, asked: AskedNow): readonly RolloutStep[] => {
  if (override || !asked.ok) return allAtOnce
  const { rollout } = rulesOf(asked.environment, asked.law)
  return canary ? canarySteps(rollout) : rollout
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
      await logRequests(target, found.name, context)
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
      return go({ kind: 'operation', name: null }, `the traffic was moved: ${splitText(action.split)}`)
    case 'undeploy':
      if (release.endpoint === null) return
      return begun(await target.undeploy(release.endpoint, action.deployedModel, signal), () =>
        go({ kind: 'operation', name: null }, 'a model was removed'),
      )
    case 'shifted':
      return go({ kind: 'shifted', at }, release.rollout ? nameOfStep(release.rollout) : 'all traffic goes to it')
    case 'look':
      return settle(ports, release, await lookAtStep(ports, target, release, context), context)
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

/** Live gates need it, and what is shown of a model later; a release does not hang on it. */
const logRequests = async (target: Target, endpoint: string, { signal, log }: StepContext): Promise<void> => {
  try {
    await target.logRequests(endpoint, signal)
  } catch (error) {
    if (!isFault(error) || error.retryable) throw error
    log.warn({ error, endpoint }, 'the requests of an endpoint are not logged')
  }
}

/** `20 % to 1234, 80 % to 5678` */
const splitText = (split: Readonly<Record<string, number>>): string =>
  Object.entries(split)
    .map(([id, percent]) => `${percent} % to ${id}`)
    .join(', ') || 'to nothing'

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
