import type { Time } from '../../domain/time.ts'
import type { Outcome, Receipt } from '../../domain/verdict.ts'
import type { Policy } from '../../policies/language/policy.ts'
import {
  type Compared,
  compareVerdict,
  type LiveDifference,
  liveDifferences,
} from '../../policies/verdicts/backtest.ts'
import { judgeReceipt, type ReadKept } from './judge-receipt.ts'

/** A verdict that was given once. */
export interface PastVerdict {
  readonly verdict: number | null
  readonly run: number | null
  readonly model: string | null
  readonly at: Time | null
  readonly receipt: Receipt
  /** What was measured of the model where it served, by metric; null where nothing was. */
  readonly live: Readonly<Record<string, number>> | null
}

export interface BacktestedVerdict extends Pick<PastVerdict, 'verdict' | 'run' | 'at'> {
  readonly was: Outcome
  /** `gone`: its evidence is not kept (any more), so nothing is said of it. */
  readonly wouldBe: Compared['wouldBe'] | 'gone'
  readonly reason: string
  readonly gates: Compared['gates']
  /** Null where nothing was measured live. */
  readonly live: readonly LiveDifference[] | null
}

/** One count for each past verdict, and since when verdicts of the kind would have been others. */
export interface BacktestSummary {
  readonly verdicts: number
  readonly gone: number
  readonly unknown: number
  readonly same: number
  /** Those that did not ship and would have. */
  readonly wouldHaveShipped: Changed
  /** Those that shipped and would not have. */
  readonly wouldNotHaveShipped: Changed
  /** Refused instead of unclear, or the other way round: shipped neither way. */
  readonly otherwise: Changed
}

export interface Changed {
  readonly count: number
  readonly since: Time | null
}

/** Judges past verdicts by a policy of now, the oldest first. What cannot be judged is said to be so, never guessed. */
export const backtest = async (
  policy: Policy,
  past: readonly PastVerdict[],
  readKept: ReadKept,
  signal?: AbortSignal,
): Promise<{ readonly verdicts: readonly BacktestedVerdict[]; readonly summary: BacktestSummary }> => {
  const verdicts: BacktestedVerdict[] = []
  for (const one of [...past].sort((a, b) => (a.at ?? 0) - (b.at ?? 0))) {
    signal?.throwIfAborted()
    verdicts.push(await backtestOne(policy, one, readKept, signal))
  }
  return { verdicts, summary: summarise(verdicts) }
}

const backtestOne = async (
  policy: Policy,
  { verdict, run, at, receipt, live }: PastVerdict,
  readKept: ReadKept,
  signal: AbortSignal | undefined,
): Promise<BacktestedVerdict> => {
  const seen = live === null ? null : liveDifferences(receipt, live)
  const gone = (reason: string): BacktestedVerdict => ({
    ...{ verdict, run, at, was: receipt.outcome, live: seen },
    ...{ wouldBe: 'gone', reason, gates: [] },
  })
  if (receipt.judged === undefined) return gone('its receipt is an old one, which holds no inputs')
  const again = await judgeReceipt(policy, receipt, receipt.judged, readKept, signal)
  if (!again.ok) return gone('the predictions that it was judged by are not kept any more')
  return { verdict, run, at, live: seen, ...compareVerdict(policy, receipt, again.judgement) }
}

const summarise = (verdicts: readonly BacktestedVerdict[]): BacktestSummary => {
  const count = (wanted: (one: BacktestedVerdict) => boolean): Changed => {
    const found = verdicts.filter(wanted)
    return { count: found.length, since: found[0]?.at ?? null }
  }
  const told = ({ wouldBe }: BacktestedVerdict): boolean => wouldBe !== 'gone' && wouldBe !== 'unknown'
  return {
    verdicts: verdicts.length,
    gone: count(({ wouldBe }) => wouldBe === 'gone').count,
    unknown: count(({ wouldBe }) => wouldBe === 'unknown').count,
    same: count(({ was, wouldBe }) => was === wouldBe).count,
    wouldHaveShipped: count(({ was, wouldBe }) => was !== 'pass' && wouldBe === 'pass'),
    wouldNotHaveShipped: count((one) => told(one) && one.was === 'pass' && one.wouldBe !== 'pass'),
    otherwise: count((one) => told(one) && one.was !== one.wouldBe && one.was !== 'pass' && one.wouldBe !== 'pass'),
  }
}
