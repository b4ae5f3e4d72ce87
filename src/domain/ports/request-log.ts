import type { Json } from '../json.ts'
import type { Time } from '../time.ts'

export interface RequestLabels {
  /** As the answer called its request. */
  readonly request: string
  /** One for each instance, in their order: the class, or the number; null where it is not known. */
  readonly labels: readonly Json[]
}

/** A request to an endpoint, as it was logged. */
export interface LiveRequest {
  /** What the answer called it; labels that become known later name it. */
  readonly id: string
  readonly at: Time
  readonly deployedModel: string
  /** Whether it was answered. */
  readonly ok: boolean
  /** From its arrival to the answer, milliseconds; null where that was not logged. */
  readonly latency: number | null
  /** One for each instance; null where they were not logged. */
  readonly predictions: readonly Json[] | null
}

/** What was logged of an endpoint's requests; or why that cannot be told. */
export type LoggedRequests =
  | {
      readonly ok: true
      readonly requests: readonly LiveRequest[]
      /** Only requests that were answered are logged: how many were not, nothing tells. */
      readonly answeredOnly?: boolean
    }
  | { readonly ok: false; readonly reason: string }

/** What an endpoint is asked, and what it answers. */
export interface RequestLog {
  /** From now on its requests are logged, where the target can do that; nothing is changed where they are already. */
  logRequests(endpoint: string, signal: AbortSignal): Promise<void>
  /** The requests since then, oldest first, the newest 200,000 at most; or why they cannot be told. */
  requests(endpoint: string, since: Time, signal: AbortSignal): Promise<LoggedRequests>
}

/** Requests, by how many they are and the names of the first. */
export interface NamedRequests {
  readonly count: number
  readonly first: readonly string[]
}

/** Of labels that were told, those that come to nothing, or to something odd, by the requests that are logged so far. */
export interface LabelCheck {
  /** No request of this name is logged (yet). */
  readonly unknown: NamedRequests
  /** It was not answered, or its answer was not logged. */
  readonly unanswered: NamedRequests
  /** It had another number of instances. */
  readonly otherNumber: NamedRequests
  /** A label that is none of the classes that the model knows, or no number: counted as a wrong answer, or not at all. */
  readonly foreign: NamedRequests
}

/** What was measured of the models on an endpoint, by their ids there and by metric without `live.`; or why nothing was. */
export type LiveFigures =
  | { readonly ok: true; readonly models: Readonly<Record<string, Readonly<Record<string, number>>>> }
  | { readonly ok: false; readonly reason: string }
