import { Fault, messageOf } from '../../domain/errors.ts'
import { StaleRow } from '../../domain/ports/store.ts'

/** PostgreSQL's SQLSTATE classes and codes: appendix A of its manual. */
const sqlState = /^[0-9A-Z]{5}$/
const diskFull: readonly string[] = ['53100', 'ENOSPC', 'EDQUOT']
/** Connection lost or refused, too many connections, shutting down, deadlock, serialization: these may pass. */
const passing = /^(08...|53[0-9]{3}|57P0[1-5]|40001|40P01|55P03)$/
/** A wrong password, an unknown database, a missing right: these do not. */
const refused = /^(28...|3D000|42501)$/

const codeOf = (error: unknown): string | undefined => {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
  return typeof code === 'string' ? code : undefined
}

/** True for what a database answered, as against what broke on the way to it. */
export const isDatabaseAnswer = (error: unknown): boolean => sqlState.test(codeOf(error) ?? '')

/** What a connection or a database raised, as the fault that a person can act on. */
export const storeFault = (error: unknown, what = 'the database does not answer'): Fault => {
  if (error instanceof Fault) return error
  const code = codeOf(error) ?? ''
  if (diskFull.includes(code))
    return new Fault('disk_full', `the disk of the database is full: ${messageOf(error)}`, {
      remedy: 'Free space on the disk of the database; nothing that was acknowledged is lost.',
      retryable: true,
      cause: error,
    })
  return new Fault('store_unavailable', `${what}: ${messageOf(error)}`, {
    remedy: refused.test(code)
      ? 'Check the user, the password and the database in DATABASE_URL.'
      : 'Check that the database runs and can be reached, then try again.',
    retryable: !refused.test(code),
    cause: error,
  })
}

/** Anything that left a query or a transaction, in the terms of the Store port. What is not the store's own stays as it is. */
export const translateStoreError = (error: unknown): unknown => {
  const code = codeOf(error) ?? ''
  if (error instanceof Fault || error instanceof StaleRow || !(error instanceof Error)) return error
  if (code === '23505') return new StaleRow(`another row has this key already: ${error.message}`, { cause: error })
  return diskFull.includes(code) || passing.test(code) || refused.test(code) ? storeFault(error) : error
}

/** True for what a database said about the rows themselves, or of two that wait for each other; never where it is away or full. */
export const isAboutTheRows = (error: unknown): boolean =>
  /^40(001|P01)$/.test(codeOf(error) ?? '') || !(translateStoreError(error) instanceof Fault)
