import { nameOf } from '../names.ts'
import type { Collection } from '../records.ts'
import type { Endpoint } from '../resources.ts'
import { statusError } from '../status.ts'

/** The endpoint of a name; INVALID_ARGUMENT or NOT_FOUND where there is none. */
export const findEndpoint = (endpoints: Collection<Endpoint>, name: unknown): Endpoint => {
  const endpoint = endpoints.get(nameOf(name, 'endpoints'))
  if (endpoint) return endpoint
  throw statusError('NOT_FOUND', `There is no endpoint ${String(name)}`)
}
