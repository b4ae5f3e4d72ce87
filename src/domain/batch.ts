import { type Digest, digestJson } from './digest.ts'
import type { Duration, Time } from './time.ts'

/** One object of a data source at one generation. */
export interface DataObject {
  /** `gs://bucket/path`, `s3://bucket/path`, `bq://project.dataset.table`, `file:…`. */
  readonly uri: string
  /** Changes whenever the object's content does. */
  readonly generation: string
  /** Bytes; 0 where the source does not say. */
  readonly size: number
  /** As the source states it, with its algorithm: `crc32c:…`, `md5:…`, `etag:…`. */
  readonly checksum?: string
  /** Where the source counts them. */
  readonly rows?: number
}

export type BatchState = 'open' | 'closed' | 'empty'

export interface Batch {
  readonly id: number
  readonly version: number
  readonly repository: string
  readonly pipeline: string
  readonly state: BatchState
  readonly openedAt: Time
  readonly lastObjectAt: Time
  /** When the batch closes if nothing more comes. */
  readonly nextAt: Time | null
  readonly objects: readonly DataObject[]
  readonly run: number | null
  /** A person had one of its changes matched again: its run runs, whatever ran before. */
  readonly replayed?: boolean
}

export interface BatchRule {
  /** Closes when nothing came for so long … */
  readonly quiet: Duration
  /** … or when its first object has waited so long. */
  readonly maxWait: Duration
}

/** The batch after one more object. The same object at the same generation joins once; a newer generation replaces. */
export const joinBatch = (batch: Batch, object: DataObject, rule: BatchRule, now: Time): Batch => {
  if (batch.state !== 'open') throw new Error(`batch ${batch.id} is ${batch.state}`)
  const same = batch.objects.some((o) => o.uri === object.uri && o.generation === object.generation)
  const objects = same ? batch.objects : [...batch.objects.filter((o) => o.uri !== object.uri), object]
  return { ...batch, objects, lastObjectAt: now, nextAt: closesAt({ ...batch, lastObjectAt: now }, rule) }
}

export const closesAt = (batch: Pick<Batch, 'openedAt' | 'lastObjectAt'>, rule: BatchRule): Time =>
  Math.min(batch.lastObjectAt + rule.quiet, batch.openedAt + rule.maxWait)

export const isBatchDue = (batch: Batch, now: Time): boolean =>
  batch.state === 'open' && batch.nextAt !== null && batch.nextAt <= now

/** What a run reads, in the order of the URIs; its digest is part of the run's identity. */
export interface Manifest {
  readonly objects: readonly DataObject[]
  readonly digest: Digest
}

export const manifestOf = (objects: readonly DataObject[]): Manifest => {
  const sorted = [...objects].sort((a, b) => (a.uri < b.uri ? -1 : a.uri > b.uri ? 1 : 0))
  return { objects: sorted, digest: digestJson(sorted.map((o) => ({ ...o }))) }
}
