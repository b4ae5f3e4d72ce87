import { type StatusName, statusCodes } from '../../status.ts'

/** As google.rpc.Code maps its codes to HTTP. */
const httpStatuses: Readonly<Record<StatusName, number>> = {
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
}

export const statusNameOf = (code: number): StatusName =>
  (Object.keys(statusCodes) as StatusName[]).find((name) => statusCodes[name] === code) ?? 'UNKNOWN'

export const httpStatusOf = (code: number): number => httpStatuses[statusNameOf(code)]
