import { Fault, isFault } from '../../domain/errors.ts'
import { manifestFileOf, manifestText } from '../../domain/manifest-file.ts'
import type { ManifestFiles } from '../../domain/ports/data.ts'
import type { Store } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'
import type { Duration } from '../../domain/time.ts'
import type { StepContext } from '../running/step.ts'
import { giveBack } from './give-back.ts'
import { runBefore } from './overlap.ts'
import { lookAgain, type SnapshotPorts } from './snapshot.ts'

export interface DataPorts extends SnapshotPorts {
  readonly store: Store
  readonly manifests: ManifestFiles
}

const shortestWait: Duration = 1_000
const longestWait: Duration = 15_000

/**
 * The run where it may be launched as far as its data goes: no earlier run by data of its pipeline is under way, all of
 * its data is what the manifest says, and the manifest is written. Undefined where it may not: the row says why, and
 * until when.
 */
export const prepareData = async (ports: DataPorts, run: Run, context: StepContext): Promise<Run | undefined> => {
  if (run.batch === null || run.cancelRequested) return run
  const before = await runBefore(ports.store, run)
  if (before !== undefined) {
    await wait(ports.store, run, `waits for run ${before.id}, which came before with data`, context)
    return undefined
  }
  let waitsFor = 'waits for its data'
  try {
    const { changed } = await lookAgain(ports, run, context.signal)
    if (changed.length > 0) {
      await giveBack(ports, run, changed, context)
      return undefined
    }
    waitsFor = 'waits: its manifest cannot be written'
    if (run.manifestFile) await writeManifest(ports, run, run.manifestFile, context)
    return { ...run, keptBack: false }
  } catch (error) {
    if (!isFault(error)) throw error
    await say(ports.store, run, waitsFor, error, context)
    // Whoever took the right away can give it back: the data waits rather than being lost.
    throw new Fault(error.code, error.message, { ...optionsOf(error), retryable: true, cause: error })
  }
}

const optionsOf = ({ remedy, details }: Fault) => ({ details, ...(remedy === undefined ? {} : { remedy }) })

const writeManifest = async (ports: DataPorts, run: Run, address: string, context: StepContext): Promise<void> => {
  const batch = await ports.store.get('batch', run.batch as number)
  if (batch === undefined) throw new Error(`run ${run.id} is of batch ${run.batch}, which is not there`)
  await ports.manifests.write(address, manifestText(manifestFileOf(batch, run.manifest)), context.signal)
}

/** A twentieth of the time that it has waited already, within bounds. */
const wait = async (store: Store, run: Run, reason: string, context: StepContext): Promise<void> => {
  const now = context.now()
  const at = now + Math.min(longestWait, Math.max(shortestWait, (now - run.createdAt) / 20))
  await store.transaction(async (tx) => {
    await tx.update('run', { ...run, reason, keptBack: true, nextAt: Math.round(at) })
    if (reason !== run.reason)
      await tx.record({ at: now, kind: 'run', id: run.id, from: run.state, to: run.state, by: 'winnow', why: reason })
    await tx.enqueue('launch', run.id, Math.round(at))
  })
}

/** The runner puts the run off; what it waits for stands in the row, for whoever looks. */
const say = async (store: Store, run: Run, waitsFor: string, fault: Fault, context: StepContext): Promise<void> => {
  const reason = `${waitsFor}: ${fault.message}`
  if (reason === run.reason) return
  await store.transaction(async (tx) => {
    const details = fault.remedy === undefined ? [] : [fault.remedy]
    await tx.update('run', { ...run, reason, details, keptBack: true })
    const { id, state } = run
    await tx.record({ at: context.now(), kind: 'run', id, from: state, to: state, by: 'winnow', why: reason })
  })
}
