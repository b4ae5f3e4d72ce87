// What Winnow and its platform say at the end: the other side of the account.

/** What the ledger says at the end, as it lies in the store and on the platform. */
export interface Books {
  readonly changes: readonly BookedChange[]
  readonly batches: readonly { readonly id: number; readonly state: string }[]
  readonly runs: readonly BookedRun[]
  readonly verdicts: readonly { readonly id: number; readonly state: string }[]
  readonly pauses: readonly { readonly id: number; readonly repository: string; readonly state: string }[]
  /** Messages that were pulled and became no change. */
  readonly refusedMessages: readonly { readonly source: string; readonly id: string; readonly reason: string }[]
  /** Ids of the platform's pipeline jobs, each as often as it is listed. */
  readonly jobs: readonly string[]
  /** What the API sums up, by outcome. */
  readonly sum: Readonly<Record<string, number>>
  /** What `winnow changes report` says of the account. */
  readonly report: Report
}

export const openRunStates = ['wanted', 'built', 'launching', 'running']

export interface Report {
  readonly matches: boolean
  readonly acknowledged: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly faults: readonly string[]
  readonly parked: readonly { readonly kind: string; readonly id: number; readonly message: string }[]
  readonly refused: readonly { readonly sender: string; readonly reason: string; readonly count: number }[]
}

export interface BookedChange {
  readonly id: number
  readonly repository: string
  readonly about: string
  readonly sender: string
  readonly state: string
  readonly batch: number | null
  /** How often its history says that it ended. */
  readonly endings: number
}

export interface BookedRun {
  readonly id: number
  readonly change: number
  readonly repository: string
  readonly batch: number | null
  readonly state: string
  readonly identity: string | null
  readonly jobId: string | null
  readonly launchedAt: number | null
  /** URIs of what it reads. */
  readonly manifest: readonly string[]
}
