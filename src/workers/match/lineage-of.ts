import { joinLineages, type Lineage } from '../../domain/lineage.ts'
import type { Reading } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'

/** A batch may have more changes than this; the runs that wrote their objects are few. */
const mostChanges = 1_000

/** The runs that led to what a run is about to make, itself the last one. A retrain is of the run that was refused first. */
export const lineageAfter = async (store: Reading, run: Run): Promise<Lineage> => {
  const { repository, pipeline, id } = run
  return joinLineages([await lineageBefore(store, run), [{ repository, pipeline, run: id }]])
}

/** The runs that led to what a run reads, or was started by. */
export const lineageBefore = async (store: Reading, run: Run): Promise<Lineage> => {
  let change = await store.get('change', run.change)
  let of = run
  while (change?.cause.kind === 'retrain') {
    const before = await store.get('run', change.cause.run)
    if (before === undefined) return []
    of = before
    change = await store.get('change', before.change)
  }
  if (of.batch === null) return change?.lineage ?? []
  const batch = await store.get('batch', of.batch)
  if (batch?.lineage !== undefined) return batch.lineage
  const changes = await store.list('change', { batch: of.batch }, mostChanges)
  return joinLineages([...changes, change].map((one) => one?.lineage ?? []))
}
