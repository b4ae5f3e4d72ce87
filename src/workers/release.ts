import { Fault, isFault, messageOf } from '../domain/errors.ts'
import type { Operation, Store, Target } from '../domain/ports.ts'
import { nextRelease, type Release, type ReleaseEvent } from '../domain/release.ts'
import { planRelease, type ReleaseAction, releaseKey, servingNow } from '../domain/release-plan.ts'
import type { Duration } from '../domain/time.ts'
import { type DeclarationPorts, nextEnvironments, readProtectedDeclaration } from './declaration.ts'
import { type Delivery, deliver } from './deliver.ts'
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

/**
 * Moves one release one action on. The endpoint is read first, every time: what it looks like and what the release
 * wants decide the action, so an action whose answer a crash swallowed is seen to be done, or is done again.
 */
export const createReleaseStep =
  (ports: ReleasePorts): StepFunction<'release'> =>
  async (row, context) => {
    if (row.state === 'queued') return takeTurn(ports, row, context)
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
  const at = context.now()
  await ports.store.transaction(async (tx) => {
    const turn = await turnOf(row, tx)
    if (turn.kind === 'wait') {
      const reason = `waits for release ${turn.behind.id}`
      await tx.update('release', { ...row, reason, nextAt: at + turnPoll })
      await tx.enqueue('release', row.id, at + turnPoll)
      return
    }
    const event: ReleaseEvent =
      turn.kind === 'begin' ? { kind: 'begin' } : { kind: 'superseded', reason: `release ${turn.by.id} is newer`, at }
    const after = nextRelease(row, event) as Release
    const why = turn.kind === 'begin' ? 'it is its turn' : after.reason
    const open = turn.kind === 'begin'
    await move(tx, 'release', row, { ...after, reason: open ? '' : after.reason, nextAt: open ? at : null }, why, at)
    if (open) await tx.enqueue('release', row.id)
  })
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
  const following = live ? await followingOf(ports, after, context) : []
  const delay = after.operation === null ? 0 : firstOperationLook
  await ports.store.transaction(async (tx) => {
    await move(tx, 'release', before, { ...after, failures: 0, nextAt: isOpen ? at + delay : null }, why, at)
    if (isOpen) {
      await tx.enqueue('release', after.id, delay === 0 ? undefined : at + delay)
      return
    }
    if (live) {
      const { repository, model, environment } = after
      for (const old of await tx.list('release', { repository, model, environment, state: 'live' })) {
        const reason = `release ${after.id} is live`
        const retired = old.id === after.id ? undefined : nextRelease(old, { kind: 'replaced', reason })
        if (retired !== undefined) await move(tx, 'release', old, retired, reason, at)
      }
      await deliver(tx, deliveryOf(after), following, at)
    }
    await wakeWaiting(tx, after, at)
  })
  context.log.info({ release: after.id, from: before.state, to: after.state, why }, 'release moved')
}

/** The environments that come after this one, as the protected branch declares them now. */
const followingOf = async (ports: ReleasePorts, release: Release, context: StepContext) => {
  const { declaration } = await readProtectedDeclaration(ports, release.repository, context.signal)
  if (declaration.ok) return nextEnvironments(declaration.value.environments, release.environment)
  context.log.warn({ release: release.id, reason: declaration.reason }, 'environments after a live one are not known')
  return []
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
