import type { PipelineDeclaration, WinnowYaml } from '../../declarations/winnow-yaml.ts'
import type { Change, ChangeCause } from '../../domain/change.ts'
import type { NewRow, Transaction } from '../../domain/ports/store.ts'
import { runEnded } from '../../domain/run.ts'
import { formatTime, type Time } from '../../domain/time.ts'
import { earlierTries } from './earlier-tries.ts'
import type { Decision, MatchPorts } from './match.ts'
import { type Chosen, matchProtected } from './match-protected.ts'

export type WorsenedCause = Extract<ChangeCause, { kind: 'drift' | 'degraded' }>

/** Runs of a pipeline that are looked through for those that such news started. */
const looksBack = 200

/**
 * A model drifted or got worse: the pipelines that make it run, unless they do so already or did so not long ago, or tried it so
 * often in a row that another try is no help.
 */
export const matchWorsened = async (
  ports: MatchPorts,
  change: Change,
  cause: WorsenedCause,
  at: Time,
  signal: AbortSignal,
): Promise<Decision> => {
  const about = cause.release === undefined ? undefined : await ports.store.get('release', cause.release)
  const tries = await earlierTries(ports.store, change)
  return matchProtected(ports, change, at, signal, (yaml) => {
    // What serves now is told of by itself.
    if (about !== undefined && about.state !== 'live')
      return {
        ok: false,
        reason: `it is about version ${cause.version}, and release ${about.id}, which brought that, is ${about.state}`,
      }
    return choose(yaml, change, cause, tries, at)
  })
}

const choose = (yaml: WinnowYaml, change: Change, cause: WorsenedCause, tries: readonly number[], at: Time): Chosen => {
  const { kind, model, environment, metric, value, threshold } = cause
  const makers = yaml.pipelines.filter((one) => one.model === model && one.on[kind]?.environment === environment)
  if (makers.length === 0) return { ok: false, reason: `no pipeline makes ${model} again on ${kind} in ${environment}` }
  const pipelines = makers.filter(({ on }) => tries.length < (on[kind]?.attempts ?? 0))
  if (pipelines.length === 0) {
    const runs = tries.map((run) => `run ${run}`).join(' → ')
    const reason = `loop: ${runs} were such tries, and it is worse again: somebody has to look. What a push or a person brings starts anew`
    return { ok: false, reason }
  }
  return {
    ok: true,
    reason: `${kind} of ${model} in ${environment}: ${metric} is ${value}, the limit is ${threshold}`,
    pipelines,
    occasion: `${kind} ${change.id}`,
    refuse: (tx, run) => whyNotNow(tx, cause, run, pipelines, at),
  }
}

/** A monitor tells the same news each minute. One at a time is asked for what was done about it. */
const whyNotNow = async (
  tx: Transaction,
  { kind, environment }: WorsenedCause,
  run: NewRow<'run'>,
  pipelines: readonly PipelineDeclaration[],
  at: Time,
): Promise<string | undefined> => {
  const { repository, pipeline } = run
  await tx.lock(`${kind} of ${repository} ${pipeline}`)
  const cooldown = pipelines.find(({ name }) => name === pipeline)?.on[kind]?.cooldown ?? 0
  const runs = (await tx.list('run', { repository, pipeline }, looksBack)).filter(({ state }) => state !== 'superseded')
  const changes = await tx.list('change', { id: [...new Set(runs.map(({ change }) => change))] }, looksBack)
  const isSuchNews = new Set(
    changes.filter(({ cause }) => cause.kind === kind && cause.environment === environment).map(({ id }) => id),
  )
  const earlier = runs.filter(({ change }) => isSuchNews.has(change))
  const underWay = earlier.find(({ state }) => !runEnded.includes(state))
  if (underWay !== undefined) return `run ${underWay.id}, which ${kind} asked for, has not ended`
  const last = earlier.find(({ createdAt }) => createdAt + cooldown > at)
  if (last === undefined) return undefined
  return `it cools down until ${formatTime(last.createdAt + cooldown)}: ${kind} started run ${last.id} already`
}
