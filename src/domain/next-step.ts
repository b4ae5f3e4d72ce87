import type { BatchState } from './batch.ts'
import type { BuildState } from './build.ts'
import type { ChangeState } from './change.ts'
import type { RowKind, Rows, Step } from './ports/store.ts'
import type { ReleaseState } from './release.ts'
import type { RunState } from './run.ts'
import type { VerdictState } from './verdict.ts'

interface States {
  readonly change: ChangeState
  readonly batch: BatchState
  readonly build: BuildState
  readonly run: RunState
  readonly verdict: VerdictState
  readonly release: ReleaseState
  readonly approval: Rows['approval']['state']
  readonly override: Rows['override']['state']
  readonly hold: Rows['hold']['state']
  readonly pause: Rows['pause']['state']
}

/**
 * Which step a state asks for, for every state: null where there is nothing to do. A row in a state with a step is never
 * left alone; the reconciler reads this table, so a state that is missing here would be a row that nobody finishes.
 */
const stepOfState: { readonly [K in RowKind]: Readonly<Record<States[K], Step | null>> } = {
  change: { recorded: 'match', ignored: null, invalid: null, batched: null, started: null, superseded: null },
  batch: { open: 'gather', closed: null, empty: null },
  // A build is made by the `build` step of the run that wants it.
  build: { wanted: null, compiling: null, compiled: null, failed: null },
  run: {
    wanted: 'build',
    built: 'launch',
    launching: 'launch',
    running: 'watch',
    succeeded: null,
    failed: null,
    cancelled: null,
    superseded: null,
    reused: null,
    planned: null,
  },
  verdict: { pending: 'judge', pass: null, fail: null, inconclusive: null },
  release: {
    queued: 'release',
    held: 'release',
    registering: 'release',
    deploying: 'release',
    shifting: 'release',
    holding: 'release',
    retiring: 'release',
    rollingBack: 'release',
    live: null,
    rolledBack: null,
    superseded: null,
    refused: null,
    retired: null,
    stuck: null,
  },
  approval: { given: null, replaced: null },
  override: { given: null },
  hold: { held: null, lifted: null },
  // It ends by itself when its time is over.
  pause: { paused: 'expire', resumed: null, expired: null },
}

/** The step that a row in this state waits for; undefined where it has ended. */
export const nextStep = (kind: RowKind, state: string): Step | undefined =>
  (stepOfState[kind] as Readonly<Record<string, Step | null>>)[state] ?? undefined

/** The states of a kind that ask for a step. */
export const openStates = (kind: RowKind): readonly string[] =>
  Object.entries(stepOfState[kind])
    .filter(([, step]) => step !== null)
    .map(([state]) => state)

/** The kinds that have any. */
export const kindsWithSteps: readonly RowKind[] = (Object.keys(stepOfState) as RowKind[]).filter(
  (kind) => openStates(kind).length > 0,
)
