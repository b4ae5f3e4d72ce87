import type { Digest } from './digest.ts'
import type { ModelVersion } from './evidence.ts'
import {
  allAtOnce,
  beginRollout,
  type LiveVerdict,
  nextStepOf,
  type Rollout,
  type RolloutStep,
  stepOf,
} from './rollout.ts'
import type { Time } from './time.ts'

/**
 * A candidate's way to an environment. The order of the states is the order of the work; the target is asked what is
 * there before each step, so a step that a crash repeated changes nothing.
 *
 * queued ↔ held (what its environment asks is missing) → registering → deploying (at 0 traffic) → shifting (a step's
 * traffic) ⇄ holding (for a while, watched) → retiring (the old model) → live
 * deploying, shifting, holding and (where the candidate is lost) retiring may turn to rollingBack → rolledBack; what
 * cannot be undone is stuck, and a person is told.
 */
export type ReleaseState =
  | 'queued'
  | 'registering'
  | 'deploying'
  | 'shifting'
  | 'holding'
  | 'retiring'
  | 'live'
  | 'rollingBack'
  | 'rolledBack'
  | 'held'
  | 'superseded'
  | 'refused'
  | 'retired'
  | 'stuck'

export interface Release {
  readonly id: number
  readonly version: number
  readonly verdict: number
  readonly run: number
  /** The newest run that came to this very model; nothing that an older run made may replace it. */
  readonly latestRun: number
  readonly repository: string
  /** winnow.yaml's model name and environment. */
  readonly model: string
  readonly environment: string
  readonly target: string
  /** The endpoint's name in winnow.yaml (`endpoint:`), by default the model's. */
  readonly endpointName: string
  readonly state: ReleaseState
  readonly reason: string
  readonly candidate: ModelVersion
  /** Digest of the receipt that allows this release. */
  readonly receiptDigest: Digest
  /** Who released it whatever its verdict says; null and absent where the verdict passed. */
  readonly override?: ReleaseOverride | null
  /** The candidate as registered under the model's name. */
  readonly registered: ModelVersion | null
  /** Resource name, once found or created. */
  readonly endpoint: string | null
  readonly deployedModel: string | null
  /** What had the traffic before: what a rollback restores. Null until read from the endpoint. */
  readonly previous: { readonly deployedModel: string; readonly split: Readonly<Record<string, number>> } | null
  /** Its verdict is inconclusive, and its first step asks the unclear gates again; absent elsewhere. */
  readonly canary?: boolean
  /** Its steps and how far it came; absent until it begins, and where all traffic goes over at once. */
  readonly rollout?: Rollout | null
  /** The long-running operation under way, so that a crash resumes it rather than starting another. */
  readonly operation: string | null
  readonly createdAt: Time
  readonly endedAt: Time | null
  readonly nextAt: Time | null
  readonly failures: number
}

export interface ReleaseOverride {
  readonly id: number
  readonly person: string
  readonly reason: string
  readonly expiresAt: Time
}

export type ReleaseEvent =
  | { readonly kind: 'begin'; readonly steps: readonly RolloutStep[] }
  /** Something is missing: it is looked at again at `nextAt`. */
  | { readonly kind: 'hold'; readonly reason: string; readonly nextAt: Time }
  | { readonly kind: 'overridden'; readonly override: ReleaseOverride; readonly at: Time }
  | { readonly kind: 'refused'; readonly reason: string; readonly at: Time }
  /** An operation began; null: it is over, look at what it made. */
  | { readonly kind: 'operation'; readonly name: string | null }
  | { readonly kind: 'registered'; readonly model: ModelVersion }
  | { readonly kind: 'endpointReady'; readonly endpoint: string; readonly previous: Release['previous'] }
  | { readonly kind: 'deployed'; readonly deployedModel: string }
  | { readonly kind: 'shifted'; readonly at: Time }
  /** The step goes on as it is, and is looked at again at `nextAt`. */
  | { readonly kind: 'looked'; readonly rollout: Rollout; readonly reason: string; readonly nextAt: Time }
  /** The step is over: the next one, or the end. */
  | { readonly kind: 'stepOver'; readonly rollout: Rollout }
  | { readonly kind: 'retiredOld'; readonly at: Time }
  | { readonly kind: 'failed'; readonly reason: string; readonly at: Time; readonly seen?: LiveVerdict | null }
  /** The candidate was deployed and is not any more: what served before is wanted back. */
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'undone'; readonly at: Time }
  | { readonly kind: 'cannotUndo'; readonly reason: string; readonly at: Time }
  | { readonly kind: 'superseded'; readonly reason: string; readonly at: Time }
  | { readonly kind: 'replaced'; readonly reason: string }

/** States in which it has not begun. */
export const releaseWaiting: readonly ReleaseState[] = ['queued', 'held']

/** States in which it may be touching its endpoint. */
export const releaseActive: readonly ReleaseState[] = [
  'registering',
  'deploying',
  'shifting',
  'holding',
  'retiring',
  'rollingBack',
]

export const releaseEnded: readonly ReleaseState[] = ['live', 'rolledBack', 'superseded', 'refused', 'retired', 'stuck']

/** The release after an event, or undefined where the event does not belong to its state. */
export const nextRelease = (release: Release, event: ReleaseEvent): Release | undefined => {
  const { state } = release
  const ended = (to: ReleaseState, reason: string, at: Time): Release => ({
    ...release,
    state: to,
    reason,
    operation: null,
    endedAt: at,
    nextAt: null,
  })
  switch (event.kind) {
    case 'begin':
      // Winnow 0.1 took a held release for ended.
      return releaseWaiting.includes(state)
        ? { ...release, state: 'registering', reason: '', endedAt: null, rollout: beginRollout(event.steps, false) }
        : undefined
    case 'hold':
      return releaseWaiting.includes(state)
        ? { ...release, state: 'held', reason: event.reason, nextAt: event.nextAt }
        : undefined
    case 'overridden':
      return releaseWaiting.includes(state)
        ? { ...release, state: 'queued', override: event.override, reason: '', nextAt: event.at }
        : undefined
    case 'refused':
      return releaseWaiting.includes(state) ? ended('refused', event.reason, event.at) : undefined
    case 'operation':
      return releaseEnded.includes(state) || releaseWaiting.includes(state)
        ? undefined
        : { ...release, operation: event.name }
    case 'registered':
      return state === 'registering'
        ? { ...release, state: 'deploying', registered: event.model, operation: null }
        : undefined
    case 'endpointReady':
      return state === 'deploying' && release.endpoint === null
        ? { ...release, endpoint: event.endpoint, previous: event.previous, operation: null }
        : undefined
    case 'deployed':
      return state === 'deploying' && release.endpoint !== null
        ? {
            ...release,
            state: 'shifting',
            deployedModel: event.deployedModel,
            operation: null,
            rollout: beginRollout(release.rollout?.steps ?? allAtOnce, release.previous === null),
          }
        : undefined
    case 'shifted':
      return state === 'shifting' ? afterShift({ ...release, operation: null }, event.at) : undefined
    case 'looked':
      return state === 'holding'
        ? { ...release, rollout: event.rollout, reason: event.reason, nextAt: event.nextAt }
        : undefined
    case 'stepOver':
      return state === 'holding' ? afterStep({ ...release, rollout: event.rollout, reason: '' }) : undefined
    case 'retiredOld':
      return state === 'retiring' ? ended('live', liveReason(release), event.at) : undefined
    case 'failed':
      // Before the endpoint is touched there is nothing to undo. After the shift the candidate serves: only clean-up is left.
      if (releaseWaiting.includes(state) || state === 'registering') return ended('rolledBack', event.reason, event.at)
      if (state === 'deploying' || state === 'shifting' || state === 'holding') {
        const rollout = release.rollout && event.seen ? { ...release.rollout, seen: event.seen } : release.rollout
        const back = { ...release, state: 'rollingBack', reason: event.reason, operation: null, failures: 0 } as const
        return rollout === undefined ? back : { ...back, rollout }
      }
      if (state === 'retiring')
        return ended(
          'live',
          `${release.override ? liveReason(release) : 'serving'}; the old model could not be removed: ${event.reason}`,
          event.at,
        )
      return undefined
    case 'lost':
      return state === 'shifting' || state === 'holding' || state === 'retiring'
        ? { ...release, state: 'rollingBack', reason: event.reason, operation: null, failures: 0 }
        : undefined
    case 'undone':
      return state === 'rollingBack' ? ended('rolledBack', release.reason, event.at) : undefined
    case 'cannotUndo':
      return state === 'rollingBack' ? ended('stuck', event.reason, event.at) : undefined
    case 'superseded':
      return releaseWaiting.includes(state) ? ended('superseded', event.reason, event.at) : undefined
    case 'replaced':
      return state === 'live' ? { ...release, state: 'retired', reason: event.reason } : undefined
  }
}

/** The step's traffic is what it should be: it is held, or the step is over already. */
const afterShift = (release: Release, at: Time): Release => {
  const { rollout } = release
  // Rows of before rollouts had steps.
  if (!rollout) return { ...release, state: 'retiring' }
  const held = { ...rollout, since: at }
  return stepOf(rollout).hold > 0
    ? { ...release, state: 'holding', rollout: held, nextAt: at }
    : afterStep({ ...release, rollout: held })
}

const afterStep = (release: Release): Release => {
  const next = release.rollout ? nextStepOf(release.rollout) : undefined
  return next === undefined ? { ...release, state: 'retiring' } : { ...release, state: 'shifting', rollout: next }
}

/** A release that nobody would have made by its verdict says so for as long as it is there. */
const liveReason = ({ override, canary }: Release): string =>
  override
    ? `serving, by ${override.person}'s override: ${override.reason}`
    : `all traffic goes to the candidate${canary ? ', whose canary showed what its verdict could not tell' : ''}`
