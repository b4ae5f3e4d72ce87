import { type DestinationStream, pino } from 'pino'

/** Fields first, a fixed message second; ids of change, run and verdict belong on child logs. `error`: a person must act. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object): Log
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Names of fields that may hold a secret, wherever they stand, two levels deep. */
const secretFields = [
  'authorization',
  'password',
  'secret',
  'secrets',
  'token',
  'databaseUrl',
  'redisUrl',
  'x-hub-signature-256',
  'cookie',
]

const redactedPaths = secretFields.flatMap((field) => {
  const key = /^[a-zA-Z]+$/.test(field) ? field : `["${field}"]`
  const dot = key.startsWith('[') ? '' : '.'
  return [key, `*${dot}${key}`, `*.*${dot}${key}`]
})

/** A URL's password is a secret even where the field's name says nothing. */
const hideUrlPasswords = (text: string): string =>
  text.replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+@/gi, '$1***@')

/** JSON lines on stderr, so that stdout stays free for what a command prints. */
export const createLog = (
  level: LogLevel,
  destination: DestinationStream = pino.destination({ fd: 2, sync: true }),
): Log =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redactedPaths, censor: '***' },
      serializers: { error: serializeError },
      hooks: {
        streamWrite: hideUrlPasswords,
      },
    },
    destination,
  )

const serializeError = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error
  const { name, message, stack } = error
  const { code, cause, details } = error as { code?: unknown; cause?: unknown; details?: unknown }
  return {
    name,
    message,
    code,
    // Of a fault: the places of what is wrong, which its message only counts.
    ...(Array.isArray(details) && details.length > 0 ? { details: details.slice(0, 20) } : {}),
    stack,
    ...(cause === undefined ? {} : { cause: serializeError(cause) }),
  }
}

/** For commands that answer a person and have nothing to log. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
}
