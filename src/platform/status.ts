import { type FaultCode, isFault, messageOf } from '../domain/errors.ts'

/** The canonical codes of gRPC by their names (google.rpc.Code). */
export const statusCodes = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const
export type StatusName = keyof typeof statusCodes

/** google.rpc.Status as JSON. */
export interface Status {
  readonly code: number
  readonly message: string
  readonly [key: string]: string | number
}

export interface StatusError extends Error {
  readonly code: number
  /** What the gRPC server sends as the message. */
  readonly details: string
}

/** What a handler throws where the caller asked for something that cannot be: every face translates it to its own code. */
export const statusError = (name: StatusName, message: string, cause?: unknown): StatusError =>
  Object.assign(new Error(message, cause === undefined ? undefined : { cause }), {
    code: statusCodes[name] as number,
    details: message,
  })

const isStatusError = (error: unknown): error is StatusError =>
  error instanceof Error && typeof (error as Partial<StatusError>).code === 'number' && 'details' in error

const codesOfFaults: Partial<Record<FaultCode, StatusName>> = {
  address_unmapped: 'INVALID_ARGUMENT',
  artifact_missing: 'NOT_FOUND',
  component_unsupported: 'INVALID_ARGUMENT',
  deploy_failed: 'FAILED_PRECONDITION',
  disk_full: 'RESOURCE_EXHAUSTED',
  not_found: 'NOT_FOUND',
  pipeline_invalid: 'INVALID_ARGUMENT',
  target_refused: 'INVALID_ARGUMENT',
  training_failed: 'FAILED_PRECONDITION',
}

/** Any thrown thing as a status; what nobody foresaw is INTERNAL. */
export const statusOf = (error: unknown): Status => {
  if (isStatusError(error)) return { code: error.code, message: error.details }
  if (!isFault(error)) return { code: statusCodes.INTERNAL, message: messageOf(error) }
  // The one fault of a spec is already told by the message.
  const more = error.details.filter((line) => line !== error.message)
  const lines = [error.message, ...(error.remedy === undefined ? [] : [error.remedy]), ...more]
  return { code: statusCodes[codesOfFaults[error.code] ?? 'INTERNAL'], message: lines.join('\n') }
}

/** The canonical name of what a thrown thing is, such as `INVALID_ARGUMENT`. */
export const statusNameOf = (error: unknown): StatusName => {
  const { code } = statusOf(error)
  const [name] = Object.entries(statusCodes).find(([, known]) => known === code) ?? ['UNKNOWN']
  return name as StatusName
}
