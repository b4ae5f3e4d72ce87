import type { DataObject } from './batch.ts'
import type { Digest } from './digest.ts'
import type { JsonObject } from './json.ts'
import type { Lineage } from './lineage.ts'
import type { Time } from './time.ts'

/** What happened, by kind. Everything later steps need is here: nothing is fetched because a payload said so. */
export type ChangeCause =
  | {
      readonly kind: 'push'
      /** Full ref, `refs/heads/main`. */
      readonly ref: string
      readonly before: string
      readonly commit: string
      /** Repository paths that the push touched, or undefined where the sender does not say (then git is asked). */
      readonly paths?: readonly string[]
      readonly deleted: boolean
      /** False where the sender says that the ref only moved forward; absent where it does not say (then git is asked). */
      readonly forced?: boolean
    }
  | {
      readonly kind: 'pullRequest'
      readonly number: number
      readonly action: string
      readonly ref: string
      /** A sender may know its first digits only; then git is asked for the branch. */
      readonly commit: string
      readonly baseRef: string
      /** True where the head lives in another repository: nobody has trusted that code. */
      readonly fork: boolean
    }
  | {
      readonly kind: 'release'
      /** As GitHub says it: published, released, prereleased, edited, … */
      readonly action: string
      /** Full ref of its tag. */
      readonly ref: string
      /** Null where the sender does not say; then git is asked for the tag. */
      readonly commit: string | null
    }
  | ({
      readonly kind: 'data'
      /** The pipeline whose source saw it; null where a sender told of it, and every data trigger of the repository is asked. */
      readonly pipeline: string | null
      /** Absent: written. A deleted object leaves the batch that waits for it. */
      readonly event?: 'written' | 'deleted'
    } & DataObject)
  | {
      readonly kind: 'retrain'
      readonly pipeline: string
      /** The refused run that asked for it. */
      readonly run: number
      readonly attempt: number
      /** What the new run is to be started with, where the policy changes it; else what the refused one had. */
      readonly parameters?: JsonObject
    }
  | {
      readonly kind: 'request'
      readonly pipeline: string
      readonly by: string
      /** Beside what the pipeline declares. */
      readonly parameters?: JsonObject
      /** Instead of the protected branch's head: this commit, which was found on a branch that may be asked for. */
      readonly commit?: string
      /** Also where an equal run has succeeded. */
      readonly fresh?: boolean
    }
  | {
      readonly kind: 'schedule'
      readonly pipeline: string
      readonly cron: string
      readonly timezone: string
      readonly slot: Time
      /** How many before it passed while nobody looked, and are not caught up. */
      readonly missed: number
      /** True where each slot is wanted: a later one does not take the place of this one. */
      readonly each: boolean
    }
  | UpstreamCause
  | {
      /** `drift`: what comes in looks different. `degraded`: what comes out is worse. */
      readonly kind: 'drift' | 'degraded'
      readonly environment: string
      readonly model: string
      readonly metric: string
      readonly value: number
      readonly threshold: number
      readonly at: Time
      /** The version of the model that is spoken of, as it is registered; absent where none is known to serve there. */
      readonly version?: string
      /** The release that brought it there, and the run that made it. */
      readonly release?: number
      readonly run?: number
    }

/** What a pipeline waits for came: a model went live, or a pipeline succeeded. */
export type UpstreamCause = {
  readonly kind: 'upstream'
  /** Where it happened; the change is of the repository that hears of it. */
  readonly repository: string
  readonly pipeline: string
  readonly run: number
  /** Of a model that went live. */
  readonly live?: { readonly release: number; readonly model: string; readonly environment: string }
}

export type ChangeState = 'recorded' | 'ignored' | 'invalid' | 'batched' | 'started' | 'superseded'

export interface Change {
  readonly id: number
  readonly version: number
  readonly repository: string
  /** Of a retrain: the model, by which a budget counts them. */
  readonly model?: string | null
  readonly cause: ChangeCause
  /** Who told Winnow: a kind of host, or `poll` where Winnow found it itself. */
  readonly sender?: string
  /** Of a replay: the change that a person had matched again. */
  readonly replayOf?: number
  /** Of a push: its ref, by which the newest one is found. A replay has none: it says nothing of where the ref stands. */
  readonly ref?: string | null
  /** Who caused it, as the sender names them. */
  readonly author: string
  /** Unique: a second delivery of the same happening finds this row. */
  readonly dedupeKey: string
  readonly bodyDigest: Digest
  /** The runs that led to it, the first one first; without it none is known. */
  readonly lineage?: Lineage
  readonly receivedAt: Time
  readonly state: ChangeState
  /** A sentence for a person: why ignored, what is invalid, which run was started; of an open one what it waits for. */
  readonly reason: string
  /** Placed faults (file:line:column: …) of an invalid change, or of the file whose correction it waits for. */
  readonly faults: readonly string[]
  /** The first of `batches`. */
  readonly batch: number | null
  /** All batches that it joined or left: several triggers may ask for one object. */
  readonly batches?: readonly number[]
  readonly nextAt: Time | null
}

/** How a change ends; one of these for each, with a reason a person understands. */
export type ChangeOutcome =
  | { readonly state: 'ignored'; readonly reason: string }
  | { readonly state: 'invalid'; readonly reason: string; readonly faults: readonly string[] }
  | {
      readonly state: 'batched'
      readonly reason: string
      readonly batch: number
      /** Where it is not of that one alone. */
      readonly batches?: readonly number[]
    }
  | { readonly state: 'started'; readonly reason: string }
  | { readonly state: 'superseded'; readonly reason: string }

export const isChangeOpen = (change: Pick<Change, 'state'>): boolean => change.state === 'recorded'

/** The change with its outcome. A change ends once: a second outcome is a programming error. */
export const endChange = (change: Change, outcome: ChangeOutcome): Change => {
  if (!isChangeOpen(change)) throw new Error(`change ${change.id} has ended as ${change.state} already`)
  return {
    ...change,
    state: outcome.state,
    reason: outcome.reason,
    faults: outcome.state === 'invalid' ? outcome.faults : [],
    batch: outcome.state === 'batched' ? outcome.batch : null,
    ...(outcome.state === 'batched' ? { batches: outcome.batches ?? [outcome.batch] } : {}),
    nextAt: null,
  }
}

/** A change whose runs have all given way before they were launched gives way with them: it started nothing after all. */
export const supersedeChange = (change: Change, reason: string): Change | undefined =>
  change.state === 'started' ? { ...change, state: 'superseded', reason } : undefined

/**
 * True for two changes of which only the newer is worth a run: of the same branch, pull request or schedule, or of what
 * a pipeline waits for, since the run of either would read what is there now.
 */
export const isSameLine = (a: ChangeCause, b: ChangeCause): boolean =>
  (a.kind === 'push' && b.kind === 'push' && a.ref === b.ref) ||
  (a.kind === 'pullRequest' && b.kind === 'pullRequest' && a.number === b.number) ||
  (a.kind === 'schedule' && b.kind === 'schedule' && isSameSchedule(a, b) && !a.each && !b.each) ||
  (a.kind === 'upstream' && b.kind === 'upstream' && upstreamName(a) === upstreamName(b))

type ScheduleCause = Extract<ChangeCause, { kind: 'schedule' }>
const isSameSchedule = (a: ScheduleCause, b: ScheduleCause): boolean =>
  a.pipeline === b.pipeline && a.cron === b.cron && a.timezone === b.timezone

/** `beans in prod of seeds`, `pipeline features of seeds` */
export const upstreamName = ({ repository, pipeline, live }: UpstreamCause): string =>
  `${live === undefined ? `pipeline ${pipeline}` : `${live.model} in ${live.environment}`} of ${repository}`

/**
 * Whether two pushes of one ref, with none between them, are one happening told by two: by the poll, which finds what a
 * host has not delivered, and by the host after all. The poll sees where the ref stands and not the steps to it, so the
 * first of several late deliveries, which starts where the poll did, is told by it, too.
 */
export const isToldAlready = (latest: Change | undefined, next: Pick<Change, 'cause' | 'sender'>): boolean => {
  if (latest?.cause.kind !== 'push' || next.cause.kind !== 'push' || latest.cause.ref !== next.cause.ref) return false
  if (latest.sender !== pollSender && next.sender !== pollSender) return false
  if (latest.cause.commit === next.cause.commit) return true
  return latest.sender === pollSender && latest.cause.before === next.cause.before && !/^0*$/.test(next.cause.before)
}

export const pollSender = 'poll'

/** How every change begins: told, and nothing done about it yet. */
export const justRecorded = { state: 'recorded', reason: '', faults: [], batch: null, nextAt: null } as const

/** What happened, in a few words. */
export const describeCause = (cause: ChangeCause): string => {
  switch (cause.kind) {
    case 'push':
      return `${cause.ref.replace('refs/heads/', '')} ${cause.deleted ? 'deleted' : cause.commit.slice(0, 8)}`
    case 'pullRequest':
      return `#${cause.number} ${cause.action} ${cause.commit.slice(0, 8)}`
    case 'release':
      return `${cause.ref.replace('refs/tags/', '')} ${cause.action}`
    case 'data':
      return `${cause.uri}${cause.event === 'deleted' ? ' deleted' : ''}`
    case 'retrain':
      return `${cause.pipeline} after run ${cause.run}, attempt ${cause.attempt}`
    case 'request':
      return cause.pipeline
    case 'schedule':
      return `${cause.pipeline} ${cause.cron} ${cause.timezone}`
    case 'upstream':
      return upstreamName(cause)
    case 'drift':
    case 'degraded':
      return `${cause.model}${cause.version === undefined ? '' : ` version ${cause.version}`} in ${cause.environment}: ${cause.metric} ${cause.value}`
  }
}
