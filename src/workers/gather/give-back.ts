import { type Batch, type DataObject, joinBatch, markBatch, newBatch } from '../../domain/batch.ts'
import { objectPages } from '../../domain/batch-objects.ts'
import { type BatchSums, noSums, sumsWith } from '../../domain/batch-sums.ts'
import { dataChange } from '../../domain/data-change.ts'
import type { Store, Transaction } from '../../domain/ports/store.ts'
import { nextRun, type Run } from '../../domain/run.ts'
import type { Time } from '../../domain/time.ts'
import { count } from '../declaration/declaration.ts'
import { lockBatches, withLineage } from '../match/join-batch.ts'
import { lineageBefore } from '../match/lineage-of.ts'
import type { StepContext } from '../running/step.ts'
import { create, move } from '../running/transitions.ts'
import { type Changed, describeChanged } from './snapshot.ts'
import { wakeNext } from './wake-next.ts'

/**
 * A run whose data is not what it was when its batch closed is not launched: what is still there goes back to the open
 * batch of its key, what was written anew joins that as a change of its own (docs/adr/0010). A run that was to read old
 * data again, for a verdict, fails: nobody can.
 */
export const giveBack = async (
  { store }: { readonly store: Store },
  run: Run,
  changed: readonly Changed[],
  context: StepContext,
): Promise<void> => {
  const at = context.now()
  // The sender tells of them too, sooner or later: by its key that is the same change.
  for (const { found } of changed) if (found !== undefined) await store.recordChange(newsOf(run, found, at))
  const told = changed.map(describeChanged)
  await store.transaction(async (tx) => {
    await lockBatches(tx, run)
    const batch = run.batch === null ? undefined : await tx.get('batch', run.batch)
    if (batch?.run !== run.id) {
      await fail(tx, run, told, at)
      return wakeNext(tx, run, at)
    }
    const gone = new Set(changed.map(({ pinned }) => pinned.uri))
    const left = run.manifest.filter(({ uri }) => !gone.has(uri))
    const next = left.length === 0 ? undefined : await rejoin(tx, run, batch, left, at)
    const reason = `${count(changed.length, 'object')} of its data changed before it was read; ${next === undefined ? 'none is left' : `the others went back to batch ${next.id}`}`
    const superseded = nextRun(run, { kind: 'superseded', reason, at })
    if (superseded === undefined) return
    await move(tx, 'run', run, { ...superseded, details: told }, reason, at)
    const why = `run ${run.id} was not launched: ${reason}`
    await tx.update('batch', { ...batch, reason: why })
    await tx.record({ at, kind: 'batch', id: batch.id, from: batch.state, to: batch.state, by: 'winnow', why })
    await wakeNext(tx, run, at)
  })
  context.log.warn({ run: run.id, changed: told }, 'data changed before it was read')
}

/** A folder is watched for one pipeline, so that what is in it has that in its key. */
const newsOf = ({ repository, pipeline }: Run, object: DataObject, at: Time) =>
  dataChange({
    repository,
    pipeline: object.uri.startsWith('file:') ? pipeline : null,
    sender: object.uri.startsWith('file:') ? 'folder' : 'poll',
    object,
    event: 'written',
    at,
  })

const rejoin = async (tx: Transaction, run: Run, closed: Batch, left: readonly DataObject[], at: Time) => {
  const { repository, pipeline, key, counted } = closed
  const [open] = await tx.list('batch', { repository, pipeline, key, state: 'open' }, 1)
  // What the run was to read counts as not read yet.
  const sums = open === undefined ? noSums : await sumsAgain(tx, open.id, counted)
  let batch = {
    ...(open ?? newBatch({ repository, pipeline, key, change: closed.change, counted }, at)),
    counted,
    sums,
  }
  const uris = left.map(({ uri }) => uri)
  const held = new Map(open && (await tx.objectsAt(open.id, uris)).map((object) => [object.uri, object]))
  const joining: DataObject[] = []
  for (const object of left) {
    const joined = joinBatch(batch, held.get(object.uri), object, at)
    if (joined.kind !== 'joined') continue
    joining.push(object)
    batch = joined.batch
  }
  if (closed.marker !== null && batch.marker === null) {
    const marked = markBatch(batch, closed.marker, at)
    if (marked.kind === 'joined') batch = marked.batch
  }
  const why = `${count(left.length, 'object')} of batch ${closed.id} came back: run ${run.id} could not read all of it`
  // Due at once: the next look works out what it waits for.
  const lineage = withLineage(batch, await lineageBefore(tx, run))
  const due = { ...batch, ...lineage, nextAt: at, ...(closed.replayed === true ? { replayed: true } : {}) }
  const written =
    open === undefined ? await create(tx, 'batch', due, why, at) : await tx.update('batch', { ...open, ...due })
  await tx.putObjects(written.id, joining)
  if (open !== undefined)
    await tx.record({ at, kind: 'batch', id: open.id, from: 'open', to: 'open', by: 'winnow', why })
  await tx.enqueue('gather', written.id)
  return written
}

const sumsAgain = async (tx: Transaction, batch: number, counted: Batch['counted']): Promise<BatchSums> => {
  let sums = noSums
  for await (const page of objectPages(tx, batch))
    sums = page.reduce((before, object) => sumsWith(before, object, counted), sums)
  return sums
}

const fail = async (tx: Transaction, run: Run, details: readonly string[], at: Time): Promise<void> => {
  const reason = 'the data that it was to read again is not what it was'
  const ended = { kind: 'ended', state: 'failed', reason, details, tasks: [], at } as const
  const failed = nextRun(run, ended)
  if (failed !== undefined) await move(tx, 'run', run, failed, reason, at)
}
