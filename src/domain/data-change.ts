import type { DataObject } from './batch.ts'
import { justRecorded } from './change.ts'
import { digestJson } from './digest.ts'
import type { NewRow } from './ports/store.ts'
import type { Time } from './time.ts'

/** What somebody says of one object, for one repository. */
export interface DataNews {
  readonly repository: string
  /** The pipeline whose source was looked at; null where a sender or a poll told of the object. */
  readonly pipeline: string | null
  /** Who told: `pubsub`, `eventarc`, `s3`, `events`, `poll`, `folder`, … */
  readonly sender: string
  readonly object: DataObject
  readonly event: 'written' | 'deleted'
  readonly at: Time
}

/**
 * The change that one object is for one repository. Whoever tells of it, and however often: the same object at the same
 * generation with the same event has the same key, so it is one change.
 */
export const dataChange = ({ repository, pipeline, sender, object, event, at }: DataNews): NewRow<'change'> => ({
  repository,
  cause: { kind: 'data', pipeline, ...(event === 'deleted' ? { event } : {}), ...object },
  sender,
  author: 'data',
  dedupeKey: dataKey(repository, pipeline, object, event),
  bodyDigest: digestJson({ repository, pipeline, ...object }),
  receivedAt: at,
  ...justRecorded,
})

/** A folder's key names its pipeline, as it did before other sources were there: what it told is not told again. */
const dataKey = (
  repository: string,
  pipeline: string | null,
  { uri, generation }: DataObject,
  event: DataNews['event'],
): string =>
  pipeline === null
    ? `data:${repository}:${uri}#${generation}:${event}`
    : `data:${repository}:${pipeline}:${uri}#${generation}${event === 'deleted' ? ':deleted' : ''}`
