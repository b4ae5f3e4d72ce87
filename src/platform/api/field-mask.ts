import type { Json, JsonObject } from '../../domain/json.ts'
import { statusError } from '../status.ts'
import { camel } from './filter.ts'

/** The fields that a mask names, in camelCase; INVALID_ARGUMENT where it names one that may not be changed, or none. */
export const maskedFields = (mask: Json | undefined, changeable: readonly string[]): readonly string[] => {
  const fields = pathsOf(mask)
  if (fields.length === 0) throw statusError('INVALID_ARGUMENT', 'update_mask names no field')
  if (fields.includes('*')) return changeable
  for (const field of fields)
    if (!changeable.includes(field))
      throw statusError(
        'INVALID_ARGUMENT',
        `update_mask names ${field}, which cannot be updated; these can: ${changeable.join(', ')}`,
      )
  return fields
}

/** `resource` with the named fields of `update`; a field that `update` lacks is cleared. */
export const merged = <T extends JsonObject>(resource: T, update: JsonObject, fields: readonly string[]): T => {
  const changed: Record<string, Json | undefined> = { ...resource }
  for (const field of fields) {
    if (update[field] === undefined) delete changed[field]
    else changed[field] = update[field]
  }
  return changed as T
}

/** Only the fields that a read mask names (and always the name); the whole resource where there is no mask. */
export const readMasked = <T extends JsonObject>(resource: T, mask: Json | undefined): JsonObject => {
  const fields = pathsOf(mask)
  if (fields.length === 0 || fields.includes('*')) return resource
  return Object.fromEntries(Object.entries(resource).filter(([key]) => key === 'name' || fields.includes(key)))
}

const pathsOf = (mask: Json | undefined): readonly string[] => {
  const paths = (mask as { paths?: readonly string[] } | null | undefined)?.paths ?? []
  return [...new Set(paths.map((path) => camel(path.split('.')[0] ?? '')))]
}
