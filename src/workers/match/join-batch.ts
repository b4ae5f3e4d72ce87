import type { DataTrigger } from '../../declarations/data-trigger.ts'
import {
  type Batch,
  type DataObject,
  isEmptyObject,
  joinBatch,
  leaveBatch,
  markBatch,
  newBatch,
  objectName,
} from '../../domain/batch.ts'
import { objectPages } from '../../domain/batch-objects.ts'
import { standingOf } from '../../domain/batch-standing.ts'
import { joinLineages, type Lineage } from '../../domain/lineage.ts'
import type { Transaction } from '../../domain/ports/store.ts'
import type { Time } from '../../domain/time.ts'
import { count } from '../declaration/declaration.ts'
import { create, move } from '../running/transitions.ts'

/** The batches that one object belongs to: those of a pipeline's trigger with one key. */
export interface BatchLine {
  readonly repository: string
  readonly pipeline: string
  readonly trigger: DataTrigger
  readonly key: string
}

/** What became of one object with one trigger; `batch` is the one that it is in, or was. */
export interface Settled {
  readonly batch: number | null
  readonly reason: string
}

/** The change that an object comes with, and the runs that led to it. */
export interface Joining {
  readonly change: number
  readonly lineage: Lineage
}

/** A batch of before it was kept here has it in its changes. */
export const withLineage = ({ lineage }: Pick<Batch, 'lineage'>, more: Lineage): Pick<Batch, 'lineage'> =>
  lineage === undefined ? {} : { lineage: joinLineages([lineage, more]) }

/** Batches of one pipeline are written one after another; each transaction sees what the one before it left. */
export const lockBatches = (tx: Transaction, { repository, pipeline }: Pick<BatchLine, 'repository' | 'pipeline'>) =>
  tx.lock(`data ${repository} ${pipeline}`)

/** An object that was written joins the open batch of its line, or opens one; a newer generation takes the place of the older. */
export const settleWritten = async (
  tx: Transaction,
  line: BatchLine,
  object: DataObject,
  as: 'object' | 'marker',
  { change, lineage }: Joining,
  at: Time,
): Promise<Settled> => {
  if (as === 'object' && isEmptyObject(object)) return settleEmpty(tx, line, object, at)
  const open = await openBatch(tx, line)
  const { repository, pipeline, key } = line
  const before = open ?? newBatch({ repository, pipeline, key, change, counted: await countedBefore(tx, line) }, at)
  const joined =
    as === 'marker' ? markBatch(before, object, at) : joinBatch(before, await heldAt(tx, open, object), object, at)
  if (joined.kind !== 'joined') {
    const batch = (open as Batch).id
    return joined.kind === 'known'
      ? { batch, reason: `batch ${batch} has it already` }
      : { batch: null, reason: `batch ${batch} has a later generation of ${object.uri}, ${joined.held.generation}` }
  }
  const why = joined.replaced === null ? '' : `, in the place of generation ${joined.replaced.generation}`
  const stood = {
    ...joined.batch,
    change,
    ...withLineage(joined.batch, lineage),
    ...whenNext(joined.batch, line.trigger, at),
  }
  const batch =
    open === undefined
      ? await create(tx, 'batch', stood, `${object.uri} came`, at)
      : await tx.update('batch', { ...open, ...stood })
  if (as === 'object') await tx.putObjects(batch.id, [object])
  if (joined.replaced !== null)
    await note(tx, batch, `${object.uri} is at generation ${object.generation} now${why}`, at)
  await tx.enqueue('gather', batch.id, batch.nextAt ?? at)
  const what = as === 'marker' ? 'is the marker of' : 'joined'
  return {
    batch: batch.id,
    reason: `${what} batch ${batch.id}${named(line)} (${count(batch.sums.objects, 'object')})${why}`,
  }
}

/** An object that is gone leaves the open batch; a batch without objects ends. */
export const settleDeleted = async (
  tx: Transaction,
  line: BatchLine,
  gone: DataObject,
  why: string,
  at: Time,
): Promise<Settled> => {
  const open = await openBatch(tx, line)
  const left = open === undefined ? ({ kind: 'absent' } as const) : leaveBatch(open, await heldAt(tx, open, gone), gone)
  if (open === undefined || left.kind === 'absent')
    return { batch: null, reason: `${gone.uri} ${why}, and no batch${named(line)} waits with it` }
  if (left.kind === 'newer')
    return { batch: open.id, reason: `batch ${open.id} has a later generation of ${gone.uri}, ${left.held.generation}` }
  if (left.as === 'object') await tx.removeObject(open.id, gone.uri)
  const standing = standingOf(left.batch, line.trigger, at)
  const told = `${objectName(left.held)} left: it ${why}`
  if (standing.kind === 'empty') {
    await move(tx, 'batch', open, { ...left.batch, state: 'empty', reason: told, nextAt: null }, told, at)
  } else {
    const batch = await tx.update('batch', { ...left.batch, ...whenNext(left.batch, line.trigger, at) })
    await note(tx, batch, told, at)
    await tx.enqueue('gather', batch.id, batch.nextAt ?? at)
  }
  return {
    batch: open.id,
    reason: `left batch ${open.id}${named(line)} (${count(left.batch.sums.objects, 'object')}): it ${why}`,
  }
}

/** There is nothing to read in it; what it was before is gone. */
const settleEmpty = async (tx: Transaction, line: BatchLine, object: DataObject, at: Time): Promise<Settled> => {
  const settled = await settleDeleted(tx, line, object, 'is empty now', at)
  return settled.batch === null
    ? { batch: null, reason: `${object.uri} is empty: there is nothing in it to read` }
    : settled
}

/** When an open batch is looked at again, and what it waits for until then. */
const whenNext = (batch: Parameters<typeof standingOf>[0], trigger: DataTrigger, at: Time) => {
  const standing = standingOf(batch, trigger, at)
  return { reason: standing.reason, nextAt: standing.kind === 'wait' ? standing.at : at }
}

const openBatch = async (tx: Transaction, { repository, pipeline, key }: BatchLine): Promise<Batch | undefined> => {
  await lockBatches(tx, { repository, pipeline })
  const [open] = await tx.list('batch', { repository, pipeline, key, state: 'open' }, 1)
  return open
}

/** What the batch has at the address of an object. */
const heldAt = async (
  tx: Transaction,
  batch: Batch | undefined,
  { uri }: DataObject,
): Promise<DataObject | undefined> => batch && (await tx.objectsAt(batch.id, [uri]))[0]

/** Rows of the tables that the last run of this line has read. */
const countedBefore = async (
  tx: Transaction,
  { repository, pipeline, key, trigger }: BatchLine,
): Promise<Batch['counted']> => {
  if (trigger.minimum?.rows === undefined) return {}
  const [last] = await tx.list('batch', { repository, pipeline, key, state: 'closed' }, 1)
  if (last === undefined) return {}
  const counted: Record<string, number> = { ...last.counted }
  for await (const page of objectPages(tx, last.id))
    for (const { uri, rows } of page) if (rows !== undefined && uri.startsWith('bq:')) counted[uri] = rows
  return counted
}

const note = (tx: Transaction, { id, state }: Batch, why: string, at: Time): Promise<void> =>
  tx.record({ at, kind: 'batch', id, from: state, to: state, by: 'winnow', why })

const named = ({ key, pipeline }: BatchLine): string => ` of ${pipeline}${key === '' ? '' : ` for ${key}`}`
