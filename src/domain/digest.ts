import { createHash } from 'node:crypto'
import type { Json, JsonObject } from './json.ts'

/** `sha256:` and 64 hex digits. */
export type Digest = `sha256:${string}`

export const digestBytes = (bytes: Uint8Array | string): Digest =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** JSON with sorted keys and no blanks (the idea of RFC 8785; numbers as ECMAScript prints them). */
const canonicalJson = (value: Json): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value as JsonObject)
    .filter((entry): entry is [string, Json] => entry[1] !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${members.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(',')}}`
}

/** The digest of a value by its canonical JSON, so equal values have equal digests whatever their key order. */
export const digestJson = (value: Json): Digest => digestBytes(canonicalJson(value))

/** The first 16 hex digits: enough for names that people read. */
export const shortDigest = (digest: Digest): string => digest.slice('sha256:'.length, 'sha256:'.length + 16)
