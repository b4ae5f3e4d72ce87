import type { BatchRule, Overlap } from '../domain/batch.ts'
import { folderOf, isAddressOf, nameOf, siblingAddress } from './data-address.ts'
import { dataKey } from './data-key.ts'
import { matchesGlob } from './glob.ts'

export interface DataTrigger extends BatchRule {
  /** What it watches, see data-address.ts. */
  readonly uri: string
  /** An expression whose groups are the key of an object's batch. */
  readonly key: string | null
  readonly overlap: Overlap
  /** The pipeline's parameter that gets the list of addresses. */
  readonly into: string | null
  /** The pipeline's parameter that gets the address of the manifest. */
  readonly manifest: string | null
}

export type DataMatch =
  | { readonly kind: 'object' | 'marker'; readonly key: string }
  /** It watches something else (null), or would watch it, but. */
  | { readonly kind: 'none'; readonly reason: string | null }

/**
 * What an object is to a trigger: data, the marker that is written last, or nothing. `seen`: the trigger's own source
 * found it, so the address matches and need not be absolute; only its name says whether it is the marker.
 */
export const matchDataTrigger = (trigger: DataTrigger, uri: string, seen: boolean): DataMatch => {
  const kind = kindOf(trigger, uri, seen)
  if (kind === undefined) return { kind: 'none', reason: null }
  if (trigger.key === null)
    // Without a key of its own, a marker speaks for the folder that it lies in.
    return { kind, key: trigger.marker === null ? '' : folderOf(uri) }
  const key = dataKey(trigger.key, uri)
  return key === undefined ? { kind: 'none', reason: `the key ${trigger.key} finds nothing in ${uri}` } : { kind, key }
}

const kindOf = ({ uri: watched, marker }: DataTrigger, uri: string, seen: boolean): 'object' | 'marker' | undefined => {
  if (marker !== null) {
    const address = seen ? undefined : siblingAddress(watched, marker)
    const isMarker = seen ? matchesGlob(marker, nameOf(uri)) : address !== undefined && isAddressOf(address, uri)
    if (isMarker) return 'marker'
  }
  return seen || isAddressOf(watched, uri) ? 'object' : undefined
}

/** All addresses that a trigger watches. */
export const watchedAddresses = ({ uri, marker }: DataTrigger): readonly string[] => {
  const beside = marker === null ? undefined : siblingAddress(uri, marker)
  return beside === undefined ? [uri] : [uri, beside]
}
