import { Fault, messageOf } from '../../domain/errors.ts'
import type { FeedFault, FeedLedger, FeedName, FeedTurn } from '../../domain/feed.ts'
import type { Log } from '../../log.ts'

export interface FeedPorts {
  readonly store: FeedLedger
  readonly log: Log
}

/** Writes down how a feed's turn went, and says it in the log where that is another than before: once, whoever asks. */
export const settleTurn = async ({ store, log }: FeedPorts, feed: FeedName, turn: FeedTurn): Promise<void> => {
  const { before } = await store.settleFeed(feed, turn)
  const { source, kind } = feed
  if (turn.fault !== null && before !== 'failing')
    log.warn(
      { source, feed: kind, code: turn.fault.code, reason: turn.fault.message },
      'a source of data tells nothing',
    )
  if (turn.fault === null && before === 'failing') log.info({ source, feed: kind }, 'a source of data tells again')
  if (turn.told > 0) log.info({ source, feed: kind, changes: turn.told }, 'new data was told')
}

/** What went wrong, for whoever looks at the source. What is no fault of a source is a mistake of ours: thrown on. */
export const feedFaultOf = (error: unknown): FeedFault => {
  if (!(error instanceof Fault)) throw error
  return {
    code: error.code,
    message: error.remedy === undefined ? messageOf(error) : `${error.message}. ${error.remedy}`,
  }
}

export const noTurn: FeedTurn = { told: 0, refused: 0, objects: null, fault: null, nextAt: null }
