/** Every code that Winnow raises; docs/errors.md has a heading for each (a test compares them). */
export const faultCodes = [
  'archive_damaged',
  'artifact_missing',
  'address_unmapped',
  'checkout_failed',
  'checkout_refused',
  'compile_failed',
  'component_unsupported',
  'config_invalid',
  'data_folder_locked',
  'declaration_invalid',
  'deploy_failed',
  'disk_full',
  'environment_failed',
  'evaluation_failed',
  'forbidden',
  'image_unavailable',
  'judging_failed',
  'not_found',
  'not_running',
  'outdated',
  'pipeline_invalid',
  'policy_invalid',
  'port_taken',
  'predictions_invalid',
  'process_failed',
  'process_timed_out',
  'python_missing',
  'query_failed',
  'source_refused',
  'source_unavailable',
  'store_unavailable',
  'target_refused',
  'target_unavailable',
  'task_failed',
  'training_failed',
  'unauthorised',
  'usage',
] as const

export type FaultCode = (typeof faultCodes)[number]

/**
 * A fault with a stable code. Expected outcomes (ignored, duplicate, inconclusive) are values, never faults.
 * Each code is explained in docs/errors.md.
 */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  /** True where the same call may succeed later without anything being changed. */
  readonly retryable: boolean
  /** What a person should do about it, one sentence. */
  readonly remedy: string | undefined
  /** Further lines for a person: placed faults (file:line:column: …), a log's tail, a traceback. */
  readonly details: readonly string[]

  constructor(
    code: FaultCode,
    message: string,
    options: { retryable?: boolean; remedy?: string; details?: readonly string[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    this.remedy = options.remedy
    this.details = options.details ?? []
  }
}

export const isFault = (error: unknown, code?: FaultCode): error is Fault =>
  error instanceof Fault && (code === undefined || error.code === code)

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** What a row says that waits: what is wrong, and what would mend it. */
export const withRemedy = ({ message, remedy }: Fault): string =>
  remedy === undefined ? message : `${message}; ${remedy}`
