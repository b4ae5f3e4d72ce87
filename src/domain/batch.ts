import { type BatchSums, noSums, sumsWith, sumsWithout } from './batch-sums.ts'
import { type Digest, digestJson } from './digest.ts'
import type { Lineage } from './lineage.ts'
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
  /** What its objects have in common, by the trigger's `key`; empty for a trigger without one. One is open for each. */
  readonly key: string
  readonly state: BatchState
  /** What it waits for, or how it ended, for a person. */
  readonly reason: string
  readonly openedAt: Time
  readonly lastObjectAt: Time
  /** When it is looked at again if nothing more comes; null once it has ended. */
  readonly nextAt: Time | null
  /** What its objects come to; they themselves lie beside it (docs/adr/0012). */
  readonly sums: BatchSums
  /** What its writer wrote last, where the trigger asks for that. */
  readonly marker: DataObject | null
  /** Rows that the batch before had read of a table: they count towards `minimum` once. */
  readonly counted: Readonly<Record<string, number>>
  /** The last change that joined: the cause of its run. */
  readonly change: number
  /** The runs that led to what it has, of all changes that joined; absent where they are still to be asked of those. */
  readonly lineage?: Lineage
  readonly run: number | null
  /** A person had one of its changes matched again: its run runs, whatever ran before. */
  readonly replayed?: boolean
}

/** What a batch does that closes while an earlier run by data of its pipeline is under way. */
export const overlaps = ['queue', 'replace', 'cancel'] as const
export type Overlap = (typeof overlaps)[number]

export interface BatchMinimum {
  readonly objects?: number | undefined
  readonly bytes?: number | undefined
  readonly rows?: number | undefined
}

export interface BatchRule {
  /** Closes when nothing came for so long … */
  readonly quiet: Duration
  /** … or when its first object has waited so long … */
  readonly maxWait: Duration
  /** … but not with less than this … */
  readonly minimum: BatchMinimum | null
  /** … and, where this is set, as soon as the object of this name came, and never before. */
  readonly marker: string | null
}

/** A batch that nothing has joined yet. */
export const newBatch = (
  of: Pick<Batch, 'repository' | 'pipeline' | 'key' | 'change' | 'counted'>,
  now: Time,
): Omit<Batch, 'id' | 'version'> => ({
  ...of,
  state: 'open',
  reason: '',
  openedAt: now,
  lastObjectAt: now,
  nextAt: now,
  sums: noSums,
  lineage: [],
  marker: null,
  run: null,
})

export type Joined<B extends object = Batch> =
  | { readonly kind: 'joined'; readonly batch: B; readonly replaced: DataObject | null }
  /** It is there already, at this generation or at a later one; `held` is what is there. */
  | { readonly kind: 'known' | 'older'; readonly held: DataObject }

type Open = Pick<Batch, 'state' | 'sums' | 'counted' | 'marker' | 'lastObjectAt'>

/**
 * The batch after one more object; `held` is what it has at that address. The same generation joins once; a newer one
 * takes the place of the older.
 */
export const joinBatch = <B extends Open>(
  batch: B,
  held: DataObject | undefined,
  object: DataObject,
  now: Time,
): Joined<B> => {
  mustBeOpen(batch)
  const there = whatIsThere(object, held)
  if (there !== undefined) return there
  const before = held === undefined ? batch.sums : sumsWithout(batch.sums, held, batch.counted)
  const sums = sumsWith(before, object, batch.counted)
  return { kind: 'joined', batch: { ...batch, sums, lastObjectAt: now }, replaced: held ?? null }
}

/** The batch after its marker came, or came again. */
export const markBatch = <B extends Open>(batch: B, marker: DataObject, now: Time): Joined<B> => {
  mustBeOpen(batch)
  return (
    whatIsThere(marker, batch.marker ?? undefined) ?? {
      kind: 'joined',
      batch: { ...batch, marker, lastObjectAt: now },
      replaced: batch.marker,
    }
  )
}

const whatIsThere = (told: DataObject, held: DataObject | undefined) => {
  if (held === undefined) return undefined
  if (held.uri === told.uri && held.generation === told.generation) return { kind: 'known', held } as const
  return isOlder(told, held) ? ({ kind: 'older', held } as const) : undefined
}

export type Left<B extends object = Batch> =
  | { readonly kind: 'left'; readonly batch: B; readonly held: DataObject; readonly as: 'object' | 'marker' }
  | { readonly kind: 'absent' }
  /** What is there was written after the generation that is gone. */
  | { readonly kind: 'newer'; readonly held: DataObject }

/** The batch without an object that is gone, or without its marker; `object` is what it has at that address. */
export const leaveBatch = <B extends Open>(batch: B, object: DataObject | undefined, gone: DataObject): Left<B> => {
  mustBeOpen(batch)
  const isMarker = batch.marker?.uri === gone.uri
  const held = isMarker ? batch.marker : object
  if (!held) return { kind: 'absent' }
  if (isOlder(gone, held)) return { kind: 'newer', held }
  if (isMarker) return { kind: 'left', batch: { ...batch, marker: null }, held, as: 'marker' }
  return { kind: 'left', batch: { ...batch, sums: sumsWithout(batch.sums, held, batch.counted) }, held, as: 'object' }
}

const mustBeOpen = ({ state }: Pick<Batch, 'state'>): void => {
  if (state !== 'open') throw new Error(`a batch that is ${state} takes nothing in or out`)
}

/**
 * Whether a generation of an object was there before another one. Cloud Storage and BigQuery count upwards, so that
 * what is told late can be known; of the others what is told last is taken for the last.
 */
export const isOlder = (a: DataObject, b: DataObject): boolean =>
  /^(?:gs|bq):/.test(a.uri) &&
  a.uri === b.uri &&
  wholeNumber.test(a.generation) &&
  wholeNumber.test(b.generation) &&
  BigInt(a.generation) < BigInt(b.generation)

const wholeNumber = /^\d{1,40}$/

/** An object that has nothing to read. Of a table the size says nothing. */
export const isEmptyObject = ({ uri, size, rows }: DataObject): boolean =>
  uri.startsWith('bq:') ? rows === 0 : size === 0

/** What a manifest of these objects names each of them by. */
export const objectName = ({ uri, generation }: Pick<DataObject, 'uri' | 'generation'>): string =>
  `${uri}#${generation}`

/** What a run reads, in the order of the URIs; its digest is part of the run's identity. */
export interface Manifest {
  readonly objects: readonly DataObject[]
  readonly digest: Digest
}

/** In the order of the URIs. */
export const sortObjects = (objects: readonly DataObject[]): readonly DataObject[] =>
  [...objects].sort((a, b) => (a.uri < b.uri ? -1 : a.uri > b.uri ? 1 : 0))

export const manifestOf = (objects: readonly DataObject[]): Manifest => {
  const sorted = sortObjects(objects)
  return { objects: sorted, digest: digestJson(sorted.map((o) => ({ ...o }))) }
}
