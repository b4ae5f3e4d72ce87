import type { Person } from './approval.ts'
import type { ChangeCause } from './change.ts'
import type { Digest } from './digest.ts'
import type { JsonObject } from './json.ts'
import type { Duration, Time } from './time.ts'

export interface Word {
  readonly decision: 'approve' | 'reject'
  readonly reason: string
  /** What the person has seen; where the run's is another by now, the word is refused. */
  readonly subject?: Digest | undefined
}

/** What people decide. Each is written with its name, reason and digests into history. Faults: not_found, forbidden, outdated, usage. */
export interface Decisions {
  speak(run: number, person: Person, word: Word, signal: AbortSignal): Promise<{ subject: Digest; next: string }>
  override(
    run: number,
    person: Person,
    wish: { readonly environment: string; readonly reason: string; readonly expiresIn: Duration },
    signal: AbortSignal,
  ): Promise<{ release: number; expiresAt: Time }>
  hold(
    place: Place,
    person: Person,
    wish: { readonly reason: string; readonly lasts: Duration | null },
    signal: AbortSignal,
  ): Promise<{ repository: string; until: Time | null }>
  /** A change that has ended is matched again, as a change of its own; what it starts runs, whatever ran before. */
  replay(change: number, person: Person, reason: string): Promise<{ readonly change: number }>
  /** Lifts the hold of an environment; where there is none, agrees to the release that waits there for a person. */
  lift(place: Place, person: Person, signal: AbortSignal): Promise<{ repository: string; next: string }>
  /** Lets no run of a pipeline, or of a repository, be built or launched for a while. */
  pause(
    place: PipelinePlace,
    person: Person,
    wish: { readonly reason: string; readonly lasts: Duration },
    signal: AbortSignal,
  ): Promise<{ repository: string; pipeline: string | null; until: Time }>
  resume(place: PipelinePlace, person: Person): Promise<{ repository: string; pipeline: string | null; next: string }>
  /** A run of a pipeline, at the protected branch's head or at a commit of a branch that starts the pipeline anyway. */
  ask(
    person: Person,
    wanted: RunWanted,
    signal: AbortSignal,
  ): Promise<{ repository: string; change: number; duplicate: boolean; commit: string }>
  /** That a model drifted or got worse. */
  tell(person: Person, news: WorseningTold): Promise<{ repository: string; change: number; duplicate: boolean }>
}

export interface RunWanted {
  readonly repository?: string | undefined
  readonly pipeline: string
  readonly parameters?: JsonObject | undefined
  readonly branch?: string | undefined
  readonly commit?: string | undefined
  /** Also where an equal run has succeeded. */
  readonly fresh?: boolean | undefined
  /** The same key again is the same change. */
  readonly key?: string | undefined
}

type WorseningTold = Omit<Extract<ChangeCause, { kind: 'drift' | 'degraded' }>, 'release' | 'run' | 'version'> & {
  /** Without it what serves is spoken of. */
  readonly version?: string | undefined
  readonly repository?: string | undefined
  readonly key?: string | undefined
}

/** A pipeline, or all of a repository, which may be left out where the config names only one. */
interface PipelinePlace {
  readonly repository?: string | undefined
  readonly pipeline?: string | undefined
}

/** An environment; its repository may be left out where the config names only one. */
interface Place {
  readonly environment: string
  readonly repository?: string | undefined
}
