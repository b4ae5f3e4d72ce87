import { type Account, archivedSum, type Breach, ledgerRules, type Sums } from '../domain/ledger.ts'
import type { ParkedRow } from '../domain/ports/work.ts'
import type { RefusalCount } from '../domain/refusal.ts'
import type { Time } from '../domain/time.ts'

/** One sender's two sides. */
interface SenderAccount {
  readonly sender: string
  readonly acknowledged: number
  /** What became of them: outcomes, `open`, and what is in archives. */
  readonly outcomes: Sums
}

/** The account, set against itself. `faults` says where it does not hold, in words; without any it matches. */
export interface Reconciliation {
  readonly since: Time | null
  readonly matches: boolean
  readonly acknowledged: number
  readonly outcomes: Sums
  readonly senders: readonly SenderAccount[]
  readonly refused: readonly RefusalCount[]
  readonly breaches: readonly Breach[]
  /** Rows that rest until somebody looks: no fault of the account, but nobody else will. */
  readonly parked: readonly ParkedRow[]
  readonly faults: readonly string[]
}

/** Left what was acknowledged, right what became of it, for each sender; and the rules that hold between rows. */
export const reconcileLedger = (account: Account): Reconciliation => {
  const names = [...new Set([...account.acknowledged, ...account.rows].map(({ sender }) => sender))].sort()
  const senders = names.map((sender): SenderAccount => {
    const acknowledged = total(account.acknowledged.filter((one) => one.sender === sender))
    return { sender, acknowledged, outcomes: outcomesOf(account.rows.filter((row) => row.sender === sender)) }
  })
  const faults = [
    ...senders.flatMap(({ sender, acknowledged, outcomes }) => {
      const accounted = sumOf(outcomes)
      if (acknowledged === accounted) return []
      const difference =
        acknowledged > accounted ? `${acknowledged - accounted} missing` : `${accounted - acknowledged} too many`
      return [`${sender}: ${acknowledged} acknowledged, ${accounted} accounted for: ${difference}`]
    }),
    ...account.breaches.map(describeBreach),
  ]
  return {
    since: account.since,
    matches: faults.length === 0,
    acknowledged: total(account.acknowledged),
    outcomes: outcomesOf(account.rows),
    senders,
    refused: account.refused,
    breaches: account.breaches,
    parked: account.parked,
    faults,
  }
}

const total = (counts: readonly { readonly count: number }[]): number =>
  counts.reduce((sum, { count }) => sum + count, 0)

const sumOf = (sums: Sums): number => Object.values(sums).reduce((sum, count) => sum + count, 0)

/** A change that is recorded has not ended: it is `open`, which an archive never holds. */
const outcomesOf = (rows: Account['rows']): Sums => {
  const sums: Record<string, number> = {}
  for (const { state, archived, count } of rows) {
    const name = archived ? `${archivedSum} ${state}` : state === 'recorded' ? 'open' : state
    sums[name] = (sums[name] ?? 0) + count
  }
  return sums
}

const describeBreach = ({ rule, count, rows }: Breach): string =>
  `${ledgerRules[rule]}: ${rows.join(', ')}${count > rows.length ? ` and ${count - rows.length} more` : ''}`
