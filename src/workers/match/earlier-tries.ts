import type { Change } from '../../domain/change.ts'
import type { Reading } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'
import type { Duration } from '../../domain/time.ts'

/** A model that served for so long before it got worse has helped: what comes now is no circle. */
const helped: Duration = 30 * 86_400_000
/** A chain that is longer is cut: nobody allows more tries. */
const longest = 200

/**
 * The runs before this news that were started by such news, each of which made the model that the next one spoke of; the first one
 * first. Empty where what is spoken of came of a push, of data, of a person, or has served for long.
 */
export const earlierTries = async (store: Reading, news: Change): Promise<readonly number[]> => {
  const tries: number[] = []
  let change: Change | undefined = news
  for (let steps = 0; change !== undefined && steps < longest; steps++) {
    const cause: Change['cause'] = change.cause
    const isNews = cause.kind === 'drift' || cause.kind === 'degraded'
    if ((!isNews && cause.kind !== 'retrain') || cause.run === undefined) break
    if (isNews && (await hasHelped(store, cause.release, change))) break
    const run: Run | undefined = await store.get('run', cause.run)
    const before: Change | undefined = run && (await store.get('change', run.change))
    if (before?.cause.kind === 'drift' || before?.cause.kind === 'degraded') tries.unshift(cause.run)
    change = before
  }
  return tries
}

const hasHelped = async (store: Reading, id: number | undefined, { receivedAt }: Change): Promise<boolean> => {
  const release = id === undefined ? undefined : await store.get('release', id)
  return release !== undefined && release.endedAt !== null && receivedAt - release.endedAt >= helped
}
