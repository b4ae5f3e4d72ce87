import type { DataTrigger } from '../../declarations/data-trigger.ts'
import type { PipelineDeclaration } from '../../declarations/winnow-yaml.ts'
import { type Batch, type DataObject, manifestOf } from '../../domain/batch.ts'
import { objectPages } from '../../domain/batch-objects.ts'
import { standingOf } from '../../domain/batch-standing.ts'
import { isFault, withRemedy } from '../../domain/errors.ts'
import { joinLineages } from '../../domain/lineage.ts'
import { manifestFileName, manifestFileOf } from '../../domain/manifest-file.ts'
import type { ManifestFiles } from '../../domain/ports/data.ts'
import type { Store, Transaction } from '../../domain/ports/store.ts'
import type { Duration, Time } from '../../domain/time.ts'
import { count, type DeclarationPorts, readProtectedDeclaration, runTargetOf } from '../declaration/declaration.ts'
import { lockBatches, withLineage } from '../match/join-batch.ts'
import { lineageBefore } from '../match/lineage-of.ts'
import type { StepContext, StepFunction } from '../running/step.ts'
import { create, move } from '../running/transitions.ts'
import { newRun } from '../runs/new-run.ts'
import { countRows } from './count-rows.ts'
import { settleWanting, wantingMore } from './more-data.ts'
import { giveOver, newestOf, overtaken } from './overlap.ts'
import type { SnapshotPorts } from './snapshot.ts'
import { tellUntold } from './tell-untold.ts'

export interface GatherPorts extends DeclarationPorts, SnapshotPorts {
  readonly store: Store
  readonly manifests: ManifestFiles
}

/** How soon a protected branch whose winnow.yaml has faults is read again. */
const correctionPoll: Duration = 30_000
/** How soon objects that were found are in their batch, and how soon a source that fails is asked again. */
const untoldPoll: Duration = 1_000
const sourcePoll: Duration = 30_000

/**
 * A batch that is due → one run over all its objects, at the head of the protected branch; or, where it still waits for
 * something, a reason and a time to look again; or its end, where nothing is left of it.
 */
export const createGatherStep =
  (ports: GatherPorts): StepFunction<'batch'> =>
  async (batch, context) => {
    if (batch.state !== 'open') return
    const now = context.now()
    if (batch.nextAt !== null && batch.nextAt > now) return wait(ports.store, batch, batch.reason, batch.nextAt, now)
    const { repository } = batch
    const read = await readProtectedDeclaration(ports, repository, context.signal).catch(whyUnread)
    if (typeof read === 'string') return wait(ports.store, batch, read, now + sourcePoll, now)
    const { commit, declaration } = read
    if (!declaration.ok) {
      context.log.warn({ batch: batch.id, reason: declaration.reason, faults: declaration.faults }, 'a batch waits')
      return wait(ports.store, batch, `waits for a correction: ${declaration.reason}`, now + correctionPoll, now)
    }
    const pipeline = declaration.value.pipelines.find(({ name }) => name === batch.pipeline)
    const trigger = pipeline?.on.data
    const allowed = ports.bounds(repository)
    if (!pipeline || !trigger || !allowed)
      return empty(ports.store, batch, `no pipeline ${batch.pipeline} waits for its data any more`, now)
    const counted = await countedBatch(ports, batch, trigger, context)
    if ('waits' in counted) return wait(ports.store, batch, counted.waits, now + sourcePoll, now)
    const standing = standingOf(counted, trigger, now)
    if (standing.kind === 'wait') return wait(ports.store, counted, standing.reason, standing.at, now)
    const late = batch.marker === null ? null : await waitForUntold(ports, batch, trigger, context)
    if (late !== null) return wait(ports.store, batch, late.reason, late.at, now)
    if (standing.kind === 'empty') return empty(ports.store, batch, standing.reason, now)
    const target = runTargetOf(declaration.value, allowed)
    if (trigger.manifest !== null && ports.manifests.address(target, '') === undefined) {
      const reason = `waits: no manifest can be written for target ${target}; let on.data use into`
      return wait(ports.store, batch, reason, now + correctionPoll, now)
    }
    await close(ports, { batch: counted, pipeline, trigger, target, commit, why: standing.reason }, context)
  }

const whyUnread = (error: unknown): string => {
  if (!isFault(error)) throw error
  return `waits: the protected branch cannot be read: ${withRemedy(error)}`
}

/** The batch with the rows that its rule asks for, written down; or why they cannot be counted now. */
const countedBatch = async (
  ports: GatherPorts,
  batch: Batch,
  { minimum }: DataTrigger,
  context: StepContext,
): Promise<Batch | { readonly waits: string }> => {
  if (minimum?.rows === undefined) return batch
  try {
    return await countRows(ports, batch, context.signal)
  } catch (error) {
    if (!isFault(error)) throw error
    return { waits: `its rows cannot be counted: ${withRemedy(error)}` }
  }
}

/** Why a batch whose marker came waits all the same, and until when; null where all of it is there. */
const waitForUntold = async (
  ports: GatherPorts,
  batch: Batch,
  trigger: DataTrigger,
  context: StepContext,
): Promise<{ readonly reason: string; readonly at: Time } | null> => {
  const now = context.now()
  try {
    const untold = await tellUntold(ports, batch, trigger, now, context.signal)
    if (untold === 0) return null
    return { reason: `its marker came, and ${count(untold, 'object')} that nobody had told of`, at: now + untoldPoll }
  } catch (error) {
    if (!isFault(error)) throw error
    return {
      reason: `its marker came, and what else is there cannot be seen: ${withRemedy(error)}`,
      at: now + sourcePoll,
    }
  }
}

/** The batch stays as it is until `at`; a reason that is new is kept in its history. */
const wait = (store: Store, batch: Batch, reason: string, at: Time, now: Time): Promise<void> =>
  store.transaction(async (tx) => {
    await tx.update('batch', { ...batch, reason, nextAt: at })
    const { id, state } = batch
    if (reason !== batch.reason)
      await tx.record({ at: now, kind: 'batch', id, from: state, to: state, by: 'winnow', why: reason })
    await tx.enqueue('gather', id, at)
  })

const empty = (store: Store, batch: Batch, reason: string, at: Time): Promise<void> =>
  store.transaction(async (tx) => {
    await move(tx, 'batch', batch, { ...batch, state: 'empty', reason, nextAt: null }, reason, at)
  })

interface Closing {
  readonly batch: Batch
  readonly pipeline: PipelineDeclaration
  readonly trigger: DataTrigger
  readonly target: string
  readonly commit: string
  readonly why: string
}

const close = async (ports: GatherPorts, closing: Closing, context: StepContext): Promise<void> => {
  const { pipeline, trigger, target, commit } = closing
  const { repository } = closing.batch
  const at = context.now()
  await ports.store.transaction(async (tx) => {
    await lockBatches(tx, closing.batch)
    const batch = await asItStands(tx, closing, at)
    const wanting = await wantingMore(tx, repository, pipeline.name)
    const before = await overtaken(tx, batch, trigger.overlap)
    const theirs = [...wanting.map(({ run }) => run), ...before]
    const lineages = await Promise.all(theirs.map((run) => lineageBefore(tx, run)))
    const gathered: DataObject[] = theirs.flatMap(({ manifest }) => manifest)
    for await (const page of objectPages(tx, batch.id)) gathered.push(...page)
    const { objects } = manifestOf(newestOf(gathered))
    const beside = theirs.length === 0 ? '' : `, beside the data of ${theirs.map(({ id }) => `run ${id}`).join(', ')}`
    const why = `batch ${batch.id} closed with ${count(batch.sums.objects, 'object')}${beside}: ${closing.why}`
    const file = trigger.manifest === null ? null : manifestFileOf(batch, objects)
    const manifestFile = file && (ports.manifests.address(target, manifestFileName(file)) as string)
    const wish = {
      change: batch.change,
      repository,
      commit,
      target,
      mode: 'run',
      batch: batch.id,
      manifest: objects,
      manifestFile,
      parameters: {
        ...(trigger.into === null ? {} : { [trigger.into]: objects.map(({ uri }) => uri) }),
        ...(trigger.manifest === null ? {} : { [trigger.manifest]: manifestFile }),
      },
    } as const
    const run = await create(tx, 'run', newRun(pipeline, wish, at), why, at)
    await tx.enqueue('build', run.id)
    await settleWanting(tx, wanting, run, at)
    await giveOver(tx, before, run, at)
    const lineage = withLineage(batch, joinLineages(lineages))
    const closed = { ...batch, ...lineage, state: 'closed', reason: closing.why, run: run.id, nextAt: null } as const
    await move(tx, 'batch', batch, closed, `run ${run.id}`, at)
  })
}

/**
 * What joined while the rest was looked at goes with it, where it is due all the same: a batch that something always
 * joins would be outrun each time, and wait for ever. One that is not due any more is seen to have moved on.
 */
const asItStands = async (tx: Transaction, { batch, trigger }: Closing, at: Time): Promise<Batch> => {
  const now = await tx.get('batch', batch.id)
  if (now === undefined || now.version === batch.version || now.state !== 'open') return batch
  // Rows were counted for the objects of before.
  return trigger.minimum?.rows === undefined && standingOf(now, trigger, at).kind === 'close' ? now : batch
}
