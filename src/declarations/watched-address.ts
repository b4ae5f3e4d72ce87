import { containsAddress } from '../domain/data-address.ts'
import { literalStart } from './glob.ts'

/** Whether all that a watched address, pattern and all, can mean lies within an address of a source. */
export const isWatchedWithin = (watched: string, address: string): boolean =>
  containsAddress(address, watched.startsWith('bq:') ? watched : literalStart(watched))
