import type { Batch, BatchMinimum, BatchRule } from './batch.ts'
import { formatBytes } from './bytes.ts'
import { formatDuration, type Time } from './time.ts'

/** What is to be done with an open batch. */
export type Standing =
  /** Nothing until `at`; `reason` says what it waits for. */
  | { readonly kind: 'wait'; readonly at: Time; readonly reason: string }
  | { readonly kind: 'close'; readonly reason: string }
  | { readonly kind: 'empty'; readonly reason: string }

type Gathered = Pick<Batch, 'openedAt' | 'lastObjectAt' | 'sums' | 'marker'>

/**
 * How an open batch stands by the rule of its trigger. It looks at what is there and not at what happened, so asking
 * twice, or after a crash, gives the same; and it never says that there is nothing to do and no time to look again.
 */
export const standingOf = (batch: Gathered, rule: BatchRule, now: Time): Standing =>
  rule.marker === null ? byTime(batch, rule, now) : byMarker(batch, rule, rule.marker, now)

const byTime = (batch: Gathered, rule: BatchRule, now: Time): Standing => {
  if (batch.sums.objects === 0) return nothingLeft
  const longest = batch.openedAt + rule.maxWait
  const at = Math.min(batch.lastObjectAt + rule.quiet, longest)
  if (now < at) return { kind: 'wait', at, reason: 'more may come' }
  return enough(batch, rule, now, now >= longest ? 'it has waited its longest' : 'nothing more came')
}

const byMarker = (batch: Gathered, rule: BatchRule, marker: string, now: Time): Standing => {
  if (batch.marker === null) {
    if (batch.sums.objects === 0) return nothingLeft
    const longest = batch.openedAt + rule.maxWait
    if (now < longest) return { kind: 'wait', at: longest, reason: `waits for its marker ${marker}` }
    // For as long as it takes: half an upload is worse than none.
    const reason = `its marker ${marker} has not come in ${formatDuration(rule.maxWait)}; an upload that nobody finished is not read`
    return { kind: 'wait', at: now + rule.maxWait, reason }
  }
  if (batch.sums.objects > 0) return enough(batch, rule, now, `its marker ${batch.marker.uri} came`)
  // Senders may tell of the marker first.
  const at = batch.lastObjectAt + rule.quiet
  return now < at
    ? { kind: 'wait', at, reason: `its marker ${batch.marker.uri} came, and no file with it yet` }
    : { kind: 'empty', reason: `its marker ${batch.marker.uri} came, and no file with it` }
}

const nothingLeft: Standing = { kind: 'empty', reason: 'none of its objects is there any more' }

const enough = (batch: Gathered, { minimum, maxWait }: BatchRule, now: Time, reason: string): Standing => {
  const missing = minimum === null ? [] : missingOf(batch, minimum)
  if (missing.length === 0) return { kind: 'close', reason }
  return { kind: 'wait', at: now + maxWait, reason: `waits for more: it has ${missing.join(', ')}` }
}

/** What a batch has too little of: `3 of 10 objects`. */
const missingOf = ({ sums }: Gathered, minimum: BatchMinimum): readonly string[] => {
  const missing: string[] = []
  const { objects = 0, bytes = 0, rows = 0 } = minimum
  if (sums.objects < objects) missing.push(`${sums.objects} of ${objects} objects`)
  if (sums.bytes < bytes) missing.push(`${formatBytes(sums.bytes)} of ${formatBytes(bytes)}`)
  const { uncounted } = sums
  const unknown =
    uncounted === 0 ? '' : ` (of ${uncounted} ${uncounted === 1 ? 'object' : 'objects'} nobody counted them)`
  if (sums.rows < rows) missing.push(`${sums.rows} of ${rows} rows${unknown}`)
  return missing
}
