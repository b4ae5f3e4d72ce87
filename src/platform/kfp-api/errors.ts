import { isFault } from '../../domain/errors.ts'
import { httpStatusOf } from '../api/rest/http-status.ts'
import { statusCodes, statusError, statusOf } from '../status.ts'

export interface ErrorAnswer {
  readonly http: number
  /** As grpc-gateway gives them; `code` is gRPC's. */
  readonly body: {
    readonly error: string
    readonly code: number
    readonly message: string
    readonly details: readonly { readonly '@type': string; readonly [field: string]: unknown }[]
  }
}

/** One line: what failed and where, then what to do. */
const lineOf = (error: unknown): string => {
  if (!isFault(error)) return statusOf(error).message
  const remedy = error.remedy === undefined ? '' : ` ${error.remedy}`
  return `${remedy === '' ? error.message : error.message.replace(/[.]?$/, '.')}${remedy}`.replace(/\s*\n\s*/g, ' ')
}

/** What fastify itself refused (a body that is too large, JSON that is none) is the caller's doing. */
const ofCaller = (error: unknown): number | undefined => {
  const { statusCode } = error as { statusCode?: number }
  return statusCode !== undefined && statusCode >= 400 && statusCode < 500 ? statusCode : undefined
}

export const errorAnswer = (error: unknown): ErrorAnswer => {
  const refused = ofCaller(error)
  const cause = refused === undefined ? error : statusError('INVALID_ARGUMENT', (error as Error).message)
  const { code } = statusOf(cause)
  const message = lineOf(cause)
  const more = isFault(cause) && cause.details.length > 1 ? cause.details : []
  return {
    http: refused ?? httpStatusOf(code),
    body: {
      error: message,
      code,
      message,
      details: [
        { '@type': 'type.googleapis.com/google.rpc.Status', code, message },
        ...(more.length === 0
          ? []
          : [{ '@type': 'type.googleapis.com/google.rpc.DebugInfo', stackEntries: [], detail: more.join('\n') }]),
      ],
    },
  }
}

export const isUnforeseen = ({ body }: ErrorAnswer): boolean => body.code === statusCodes.INTERNAL
