import { manifestOf } from '../../domain/batch.ts'
import type { Build } from '../../domain/build.ts'
import { shortDigest } from '../../domain/digest.ts'
import { Fault, isFault } from '../../domain/errors.ts'
import { parameterFaults } from '../../domain/pipeline-parameters.ts'
import type { LaunchRequest, PipelineTarget } from '../../domain/ports/pipeline-target.ts'
import type { Store, Transaction } from '../../domain/ports/store.ts'
import { jobIdOf, nextRun, type Run, runIdentity } from '../../domain/run.ts'
import { type DataPorts, prepareData } from '../gather/prepare-data.ts'
import { wantVerdict } from '../judge/want-verdict.ts'
import { runsAfresh } from '../people/replay-change.ts'
import type { StepContext, StepFunction } from '../running/step.ts'
import { move } from '../running/transitions.ts'
import { endRun } from './end-run.ts'
import { type TurnPorts, whyNotYet } from './launch-turn.ts'
import { waitInPause, waitsForPause } from './pause-gate.ts'

export interface LaunchPorts extends TurnPorts, DataPorts {
  /** The target of that name, undefined where the config has none. */
  readonly target: (name: string) => PipelineTarget | undefined
}

/**
 * A built run → launching, with the job's id committed, or reused where an equal run is alive or has succeeded; a
 * launching run → running, once the target has the job. Only the second calls the target, and only by that id.
 */
export const createLaunchStep =
  (ports: LaunchPorts): StepFunction<'run'> =>
  async (run, context) => {
    try {
      if (run.state === 'built') await intend(ports, run, context)
      else if (run.state === 'launching') await launch(ports, run, context)
    } catch (error) {
      if (!isFault(error) || error.retryable) throw error
      await fail(ports, run, error, context)
    }
  }

/** What the target is asked for; the same run always asks for the same. */
export const launchRequestOf = (run: Run, build: Build): LaunchRequest => {
  if (run.jobId === null || run.identity === null || build.ir === null)
    throw new Error(`run ${run.id} was to be launched without an identity or a pipeline`)
  return {
    jobId: run.jobId,
    displayName: `${run.pipeline} of ${run.repository} at ${run.commit.slice(0, 12)}`,
    ir: build.ir,
    parameters: run.parameters,
    labels: { 'winnow-run': String(run.id), 'winnow-identity': shortDigest(run.identity) },
  }
}

export const buildOf = async (store: Store, run: Run): Promise<Build> => {
  const build = run.build === null ? undefined : await store.get('build', run.build)
  if (build === undefined) throw new Error(`run ${run.id} has no build`)
  return build
}

const intend = async (ports: LaunchPorts, run: Run, context: StepContext): Promise<void> => {
  const { store } = ports
  const build = await buildOf(store, run)
  const faults = parameterFaults(build.ir ?? {}, run.parameters)
  if (faults.length > 0)
    throw new Fault('pipeline_invalid', `the parameters do not fit the pipeline ${run.pipeline}`, { details: faults })
  if (!run.cancelRequested && (await waitsForPause(store, run, context))) return
  const ready = await prepareData(ports, run, context)
  if (ready !== undefined) await commit(ports, ready, build, context)
}

const commit = async (ports: LaunchPorts, run: Run, build: Build, context: StepContext): Promise<void> => {
  const at = context.now()
  await ports.store.transaction(async (tx) => {
    if (run.cancelRequested) {
      const details = { reason: 'cancelled before it was launched', details: [], tasks: [] }
      const cancelled = nextRun(run, { kind: 'ended', state: 'cancelled', at, ...details })
      if (cancelled !== undefined) await move(tx, 'run', run, cancelled, cancelled.reason, at)
      return
    }
    // Looking at its data took its time.
    if (await waitInPause(tx, run, at)) return
    const afresh = await runsAfresh(tx, run)
    for (let attempt = run.attempt; ; attempt++) {
      const identity = runIdentity({
        pipeline: run.pipeline,
        repository: run.repository,
        irDigest: build.irDigest ?? build.key,
        parameters: run.parameters,
        manifestDigest: manifestOf(run.manifest).digest,
        target: run.target,
        attempt,
        occasion: run.occasion,
      })
      const equals = (await tx.list('run', { identity })).filter((other) => other.id !== run.id)
      const alive = equals.find(({ state }) => ['launching', 'running', 'succeeded'].includes(state))
      if (alive !== undefined && afresh) continue
      if (alive !== undefined) return reuse(tx, ports, run, alive, context)
      if (equals.length === 0 && (await tx.isArchivedIdentity(identity))) continue
      // A failed or cancelled job keeps its id on the target, so another try needs another.
      if (equals.some(({ state }) => state === 'failed' || state === 'cancelled')) continue
      const notYet = await whyNotYet(tx, ports, run, at)
      if (notYet !== undefined) {
        await tx.update('run', { ...run, ...notYet })
        return
      }
      const jobId = jobIdOf(run.pipeline, identity)
      const launching = nextRun(run, { kind: 'launch', identity, jobId, attempt, at })
      if (launching === undefined) return
      await move(tx, 'run', run, { ...launching, reason: '', details: [], failures: 0, nextAt: at }, `as ${jobId}`, at)
      await tx.enqueue('launch', run.id)
      return
    }
  })
}

const reuse = async (tx: Transaction, ports: TurnPorts, run: Run, other: Run, context: StepContext): Promise<void> => {
  const at = context.now()
  const what = other.state === 'succeeded' ? 'has succeeded' : 'is under way'
  const reason = `run ${other.id} is the same (pipeline, parameters, data) and ${what}`
  const written = await endRun(tx, ports, run, { kind: 'reuse', run: other.id, reason, at }, at)
  if (written === undefined) return
  // The policy may be another since, and another model may serve: a run that has succeeded is judged anew for this commit.
  if (other.state === 'succeeded') await wantVerdict(tx, written, at)
}

const launch = async (ports: LaunchPorts, run: Run, context: StepContext): Promise<void> => {
  const target = ports.target(run.target)
  if (target === undefined)
    throw new Fault('config_invalid', `the config names no target ${run.target}`, {
      remedy: 'add it under targets, or let the environment in winnow.yaml name another',
    })
  await target.launch(launchRequestOf(run, await buildOf(ports.store, run)), context.signal)
  const at = context.now()
  const running = nextRun(run, { kind: 'launched', at })
  if (running === undefined) return
  await ports.store.transaction(async (tx) => {
    await move(tx, 'run', run, { ...running, failures: 0, nextAt: at }, `${run.target} has the job ${run.jobId}`, at)
    await tx.enqueue('watch', run.id)
  })
  context.log.info({ run: run.id, job: run.jobId, target: run.target }, 'run launched')
}

const fail = async (ports: LaunchPorts, run: Run, fault: Fault, context: StepContext): Promise<void> => {
  const at = context.now()
  const details = fault.remedy === undefined ? fault.details : [...fault.details, fault.remedy]
  const ended = { kind: 'ended', state: 'failed', reason: fault.message, details, tasks: run.tasks, at } as const
  await ports.store.transaction((tx) => endRun(tx, ports, run, ended, at))
}
