import { type DataObject, sortObjects } from '../domain/batch.ts'
import { type Change, describeCause } from '../domain/change.ts'
import type { LedgerReading } from '../domain/ledger.ts'
import type { RowKind, Rows, Store } from '../domain/ports/store.ts'
import type { Release } from '../domain/release.ts'
import type { Run } from '../domain/run.ts'
import type { Time } from '../domain/time.ts'
import type { Verdict } from '../domain/verdict.ts'

export type TraceReading = Pick<Store, 'get' | 'list' | 'history' | 'objectsOf'> &
  Pick<LedgerReading, 'changesAfterRun'>

/** A row on the way of a change, with what came of it. */
export interface TraceNode {
  readonly kind: RowKind
  readonly id: number
  readonly what: string
  readonly state: string
  readonly reason: string
  /** When it came to this state; null where history does not say. */
  readonly at: Time | null
  /** Of a batch: the first of what it has, and how many there are. */
  readonly objects?: readonly DataObject[]
  readonly objectCount?: number
  readonly children: readonly TraceNode[]
}

export interface Trace {
  /** What it was asked for. */
  readonly asked: { readonly kind: RowKind; readonly id: number }
  /** What led to the change: the first cause first, each without what came of it. */
  readonly causes: readonly TraceNode[]
  readonly change: TraceNode
}

/** A batch may have many thousand: all of them are asked for by the batch's number. */
const mostObjects = 10

/** A retrain of a retrain of a retrain …: past so many the walk ends. */
const deepest = 20

/** The way of a change: what led to it, and all that came of it. Undefined where there is no such row. */
export const trace = async (store: TraceReading, kind: RowKind, id: number): Promise<Trace | undefined> => {
  const change = await changeOf(store, kind, id)
  if (change === undefined) return undefined
  return {
    asked: { kind, id },
    causes: await causesOf(store, change),
    change: await changeNode(store, change, deepest),
  }
}

/** The change that a row came of. */
const changeOf = async (store: TraceReading, kind: RowKind, id: number): Promise<Change | undefined> => {
  if (kind === 'change') return store.get('change', id)
  const run =
    kind === 'run'
      ? await store.get('run', id)
      : kind === 'release' || kind === 'verdict'
        ? await store.get(kind, id).then((row) => row && store.get('run', row.run))
        : undefined
  return run && store.get('change', run.change)
}

const causesOf = async (store: TraceReading, change: Change): Promise<readonly TraceNode[]> => {
  const causes: TraceNode[] = []
  let current: Change | undefined = change
  for (let depth = 0; current !== undefined && depth < deepest; depth++) {
    const run = runBefore(current)
    const before: Run | undefined = run === undefined ? undefined : await store.get('run', run)
    if (before !== undefined) {
      const [verdict] = await store.list('verdict', { run: before.id }, 1)
      if (verdict !== undefined) causes.unshift(await node(store, 'verdict', verdict, verdictWords(verdict)))
      causes.unshift(await node(store, 'run', before, runWords(before)))
    }
    const id: number | undefined = current.replayOf ?? before?.change
    current = id === undefined ? undefined : await store.get('change', id)
    if (current !== undefined) causes.unshift(await node(store, 'change', current, changeWords(current)))
  }
  return causes
}

/** The run that a cause names: a refused one that is trained again, or one whose release others wait for. */
const runBefore = ({ cause }: Change): number | undefined =>
  'run' in cause && typeof cause.run === 'number' ? cause.run : undefined

interface Words {
  readonly what: string
  readonly reason: string
}

const changeWords = ({ cause, sender, reason, replayOf }: Change): Words => ({
  what: `${cause.kind} ${describeCause(cause)}${sender === undefined ? '' : ` from ${sender}`}${replayOf === undefined ? '' : `, replay of change ${replayOf}`}`,
  reason,
})
const runWords = ({ pipeline, commit, target, attempt, reason, reusedRun }: Run): Words => ({
  what: `${pipeline} at ${commit.slice(0, 8)} on ${target}${attempt > 1 ? `, attempt ${attempt}` : ''}${reusedRun === null ? '' : `, same as run ${reusedRun}`}`,
  reason,
})
const verdictWords = ({ run, receipt, follows }: Verdict): Words => ({
  what: `on run ${run}`,
  reason: [receipt?.reason, follows?.reason].filter((part, i, all) => part && all.indexOf(part) === i).join('; '),
})
const releaseWords = ({ model, environment, endpointName, reason }: Release): Words => ({
  what: `${model} to ${environment}, endpoint ${endpointName}`,
  reason,
})

const node = async <K extends RowKind>(
  store: TraceReading,
  kind: K,
  { id, state }: Rows[K],
  words: Words,
  children: readonly TraceNode[] = [],
): Promise<TraceNode> => {
  const history = await store.history(kind, id)
  const at = history.findLast(({ to }) => to === state)?.at ?? null
  return { kind, id, ...words, state, at, children }
}

const changeNode = async (store: TraceReading, change: Change, depth: number): Promise<TraceNode> => {
  const children: TraceNode[] = []
  if (depth > 0) {
    for (const batch of batchesOf(change)) children.push(...(await batchNodes(store, batch, depth)))
    for (const run of await store.list('run', { change: change.id, batch: null }))
      children.unshift(await runNode(store, run, depth))
    for (const replay of await store.list('change', { replayOf: change.id }))
      children.push(await changeNode(store, replay, depth - 1))
  }
  return node(store, 'change', change, changeWords(change), children)
}

const batchesOf = ({ batch, batches }: Change): readonly number[] => batches ?? (batch === null ? [] : [batch])

const batchNodes = async (store: TraceReading, id: number, depth: number): Promise<readonly TraceNode[]> => {
  const batch = await store.get('batch', id)
  if (batch === undefined) return []
  const runs = await store.list('run', { batch: id })
  const children = await Promise.all(runs.map((run) => runNode(store, run, depth)))
  const { pipeline, key, sums, reason } = batch
  const what = `of ${pipeline}${key === '' ? '' : ` for ${key}`}, ${sums.objects} ${sums.objects === 1 ? 'object' : 'objects'}`
  const objects = sortObjects(await store.objectsOf(id, mostObjects))
  return [{ ...(await node(store, 'batch', batch, { what, reason }, children)), objects, objectCount: sums.objects }]
}

const runNode = async (store: TraceReading, run: Run, depth: number): Promise<TraceNode> => {
  const build = run.build === null ? undefined : await store.get('build', run.build)
  const [verdict] = await store.list('verdict', { run: run.id }, 1)
  const after = await store.changesAfterRun(run.id)
  const children = [
    ...(build === undefined
      ? []
      : [await node(store, 'build', build, { what: build.irDigest ?? '', reason: build.error ?? '' })]),
    ...(verdict === undefined ? [] : [await verdictNode(store, verdict)]),
    ...(await Promise.all(after.map((change) => changeNode(store, change, depth - 1)))),
  ]
  return node(store, 'run', run, runWords(run), children)
}

const verdictNode = async (store: TraceReading, verdict: Verdict): Promise<TraceNode> => {
  const releases = [...(await store.list('release', { verdict: verdict.id }))].reverse()
  const children = await Promise.all(releases.map((release) => node(store, 'release', release, releaseWords(release))))
  return node(store, 'verdict', verdict, verdictWords(verdict), children)
}
