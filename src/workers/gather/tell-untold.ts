import { type DataTrigger, matchDataTrigger } from '../../declarations/data-trigger.ts'
import { type Batch, type DataObject, isEmptyObject, objectName } from '../../domain/batch.ts'
import { isChangeOpen } from '../../domain/change.ts'
import { dataChange } from '../../domain/data-change.ts'
import type { Store } from '../../domain/ports/store.ts'
import type { Time } from '../../domain/time.ts'
import type { SnapshotPorts } from './snapshot.ts'

/**
 * Senders tell of a marker before they have told of all that was written before it: they keep no order. What the source
 * shows of the batch's key and nobody has told of is recorded here, as the change that its sender will find there. How
 * many there are, with those that are on their way into the batch.
 */
export const tellUntold = async (
  { store, source }: SnapshotPorts & { readonly store: Pick<Store, 'recordChange' | 'objectsAt'> },
  batch: Batch,
  trigger: DataTrigger,
  at: Time,
  signal: AbortSignal,
): Promise<number> => {
  const { repository } = batch
  const from = source(repository)
  if (from.reads?.(trigger.uri) === false) return 0
  const isFolder = trigger.uri.startsWith('file:')
  const belongs = (object: DataObject): boolean => {
    const match = matchDataTrigger(trigger, object.uri, isFolder)
    return match.kind === 'object' && match.key === batch.key && !isEmptyObject(object)
  }
  const shown = (await from.list(trigger.uri, signal)).filter(belongs)
  const held = new Set(
    (
      await store.objectsAt(
        batch.id,
        shown.map(({ uri }) => uri),
      )
    ).map(objectName),
  )
  let untold = 0
  for (const object of shown.filter((one) => !held.has(objectName(one)))) {
    const pipeline = isFolder ? batch.pipeline : null
    const news = dataChange({ repository, pipeline, sender: 'poll', object, event: 'written', at })
    const { change } = await store.recordChange(news)
    if (isChangeOpen(change)) untold += 1
  }
  return untold
}
