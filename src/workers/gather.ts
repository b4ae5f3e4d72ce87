import { type Batch, isBatchDue, manifestOf } from '../domain/batch.ts'
import type { Store } from '../domain/ports.ts'
import type { Duration, Time } from '../domain/time.ts'
import { count, type DeclarationPorts, readProtectedDeclaration, runTargetOf } from './declaration.ts'
import { settleWanting, wantingMore, withTheirs } from './more-data.ts'
import { newRun } from './new-run.ts'
import type { StepContext, StepFunction } from './step.ts'
import { create, move } from './transitions.ts'

export interface GatherPorts extends DeclarationPorts {
  readonly store: Store
}

/** How soon a protected branch whose winnow.yaml has faults is read again. */
const correctionPoll: Duration = 30_000

/** A batch that is due → one run over all its objects, at the head of the protected branch. One that is not is looked at again when it is. */
export const createGatherStep =
  (ports: GatherPorts): StepFunction<'batch'> =>
  async (batch, context) => {
    if (batch.state !== 'open') return
    if (!isBatchDue(batch, context.now())) return wait(ports.store, batch, context.now())
    await close(ports, batch, context)
  }

const wait = (store: Store, batch: Batch, now: Time): Promise<void> =>
  store.transaction(async (tx) => {
    const at = batch.nextAt ?? now
    await tx.update('batch', { ...batch, nextAt: at })
    await tx.enqueue('gather', batch.id, at)
  })

const close = async (ports: GatherPorts, batch: Batch, context: StepContext): Promise<void> => {
  const { repository } = batch
  const { commit, declaration } = await readProtectedDeclaration(ports, repository, context.signal)
  if (!declaration.ok) {
    context.log.warn({ batch: batch.id, reason: declaration.reason, faults: declaration.faults }, 'a batch waits')
    return wait(ports.store, { ...batch, nextAt: context.now() + correctionPoll }, context.now())
  }
  const pipeline = declaration.value.pipelines.find(({ name }) => name === batch.pipeline)
  const rule = pipeline?.on.data
  const allowed = ports.bounds(repository)
  const at = context.now()
  await ports.store.transaction(async (tx) => {
    const [change] = await tx.list('change', { batch: batch.id }, 1)
    if (!pipeline || !rule || !allowed || change === undefined || batch.objects.length === 0) {
      const why = `no pipeline ${batch.pipeline} waits for its data any more`
      await move(tx, 'batch', batch, { ...batch, state: 'empty', nextAt: null }, why, at)
      return
    }
    const wanting = await wantingMore(tx, repository, pipeline.name)
    const manifest = manifestOf(withTheirs(wanting, batch.objects))
    const theirs = wanting.map((one) => `run ${one.run.id}`).join(', ')
    const why = `batch ${batch.id} closed with ${count(batch.objects.length, 'object')}${theirs === '' ? '' : `, beside the data of ${theirs}`}`
    const wish = {
      change: change.id,
      repository,
      commit,
      target: runTargetOf(declaration.value, allowed),
      mode: 'run',
      batch: batch.id,
      manifest: manifest.objects,
      parameters: { [rule.into]: manifest.objects.map((object) => object.uri) },
    } as const
    const run = await create(tx, 'run', newRun(pipeline, wish, at), why, at)
    await tx.enqueue('build', run.id)
    await settleWanting(tx, wanting, run, at)
    await move(tx, 'batch', batch, { ...batch, state: 'closed', run: run.id, nextAt: null }, `run ${run.id}`, at)
  })
}
