import { randomBytes } from 'node:crypto'
import { statusError } from './status.ts'

const placePattern = /^projects\/[^/@]+\/locations\/[^/@]+$/

/** `projects/P/locations/L`, or INVALID_ARGUMENT. */
export const placeOf = (parent: unknown): string => {
  if (typeof parent === 'string' && placePattern.test(parent)) return parent
  throw statusError(
    'INVALID_ARGUMENT',
    `The parent ${JSON.stringify(parent ?? '')} is not of the form projects/PROJECT/locations/LOCATION`,
  )
}

/** The name of a resource of a collection such as `endpoints`, or INVALID_ARGUMENT. */
export const nameOf = (name: unknown, collection: string): string => {
  const [place, id] = split(name, collection)
  if (place !== undefined && id !== undefined && /^[^/@]+$/.test(id)) return name as string
  throw malformed(name, collection, 'ID')
}

export interface ModelName {
  /** Without a version. */
  readonly model: string
  /** A version id or an alias; undefined where the name has none, or the `-` that stands for the model itself. */
  readonly version: string | undefined
}

/** `…/models/ID`, `…/models/ID@VERSION` or `…/models/ID@ALIAS`. */
export const modelNameOf = (name: unknown): ModelName => {
  const [place, id] = split(name, 'models')
  const match = id === undefined ? null : /^([^/@]+)(?:@([^/@]+))?$/.exec(id)
  if (place === undefined || !match) throw malformed(name, 'models', 'ID, ID@VERSION or ID@ALIAS')
  const version = match[2] === '-' ? undefined : match[2]
  return { model: `${place}/models/${match[1]}`, version }
}

/** A new resource id: 19 digits, as Vertex AI makes them, and never one that is taken. */
export const newId = (taken: (id: string) => boolean = () => false): string => {
  for (;;) {
    const id = String(10n ** 18n + (randomBytes(8).readBigUInt64BE() % (9n * 10n ** 18n)))
    if (!taken(id)) return id
  }
}

const split = (name: unknown, collection: string): [string | undefined, string | undefined] => {
  if (typeof name !== 'string') return [undefined, undefined]
  const [place, id, ...more] = name.split(`/${collection}/`)
  return place !== undefined && placePattern.test(place) && more.length === 0 ? [place, id] : [undefined, undefined]
}

const malformed = (name: unknown, collection: string, id: string): Error =>
  statusError(
    'INVALID_ARGUMENT',
    `The name ${JSON.stringify(name ?? '')} is not of the form projects/PROJECT/locations/LOCATION/${collection}/${id}`,
  )
