import type { Change, ChangeCause, ChangeState } from './change.ts'
import type { ParkedRow } from './ports/work.ts'
import type { RefusalCount } from './refusal.ts'
import type { Time } from './time.ts'

/** What a list of changes is narrowed by: all of it must hold. */
export interface ChangeFilter {
  readonly repository?: string
  readonly state?: ChangeState
  readonly kind?: ChangeCause['kind']
  readonly sender?: string
  /** Named by the cause, or by a run or batch that the change came to. */
  readonly pipeline?: string
  readonly author?: string
  /** Text in what happened (a commit, an address, a ref) or in the reason of the outcome. */
  readonly search?: string
  /** Received then or later. */
  readonly since?: Time
  /** Received before then. */
  readonly until?: Time
}

/** Every state and kind that there is: what filters may ask for. */
export const changeStates = Object.keys({
  recorded: true,
  ignored: true,
  invalid: true,
  batched: true,
  started: true,
  superseded: true,
} satisfies Record<ChangeState, true>) as readonly ChangeState[]
export const changeKinds = Object.keys({
  push: true,
  pullRequest: true,
  release: true,
  data: true,
  retrain: true,
  request: true,
  schedule: true,
  upstream: true,
  drift: true,
  degraded: true,
} satisfies Record<ChangeCause['kind'], true>) as readonly ChangeCause['kind'][]

export const sumsBy = ['state', 'kind', 'sender'] as const
export type Sums = Readonly<Record<string, number>>

/** The name under which sums count what archives hold. */
export const archivedSum = 'archived'

/** Rules that hold between rows at every moment; a breach is a fault of Winnow's own, or of whoever wrote its tables. */
export const ledgerRules = {
  launchedTwice: 'a run identity was launched twice',
  startedWithoutRun: 'a started change has no run',
  notInItsBatch: 'the object of a batched change is not in the batch that it names',
  inTwoBatches: 'an object is in two batches of one pipeline',
  sumsAreOff: 'a batch says other sums than its objects have',
  closedWithoutRun: 'a closed batch has no run',
  runWithoutChange: 'a run has no change',
  keyTwice: 'a change is here and in an archive',
  notQueued: 'a step was asked for long ago, and the queue was never given it',
} as const
export type LedgerRule = keyof typeof ledgerRules

export interface Breach {
  readonly rule: LedgerRule
  readonly count: number
  /** Some of the rows: `change 12`. */
  readonly rows: readonly string[]
}

/** Both sides of the account and what else must hold, as of one moment. */
export interface Account {
  /** Where the account begins: the start of a day of UTC; null for everything. */
  readonly since: Time | null
  /** Counted where changes are recorded, and never from their rows. */
  readonly acknowledged: readonly { readonly sender: string; readonly count: number }[]
  /** Counted from the rows that there are, and from what is left of those in archives. */
  readonly rows: readonly {
    readonly sender: string
    readonly state: string
    readonly archived: boolean
    readonly count: number
  }[]
  readonly refused: readonly RefusalCount[]
  readonly breaches: readonly Breach[]
  readonly parked: readonly ParkedRow[]
}

/** Questions about all changes; each is answered as of one moment. */
export interface LedgerReading {
  /** Newest first; with `before`, those with smaller numbers, so that pages neither overlap nor skip. */
  findChanges(filter: ChangeFilter, limit: number, before?: number): Promise<readonly Change[]>
  /** Changes whose cause names this run: what a verdict or a release led to. Oldest first. */
  changesAfterRun(run: number): Promise<readonly Change[]>
  /** How many there are of each; those in archives under `archived`. */
  sumChanges(filter: ChangeFilter, by: (typeof sumsBy)[number]): Promise<Sums>
  /** `since` goes back to the start of its day. */
  account(since: Time | null): Promise<Account>
  /** Adds to what was refused today: all of it, or nothing where it fails. Each sender and reason is there once. */
  addRefusals(counts: readonly RefusalCount[]): Promise<void>
}
