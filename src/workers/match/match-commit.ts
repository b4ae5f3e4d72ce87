import { matchPullRequest, matchPushes, matchRelease } from '../../declarations/match-trigger.ts'
import type { WinnowYaml } from '../../declarations/winnow-yaml.ts'
import type { Change, ChangeCause } from '../../domain/change.ts'
import type { Time } from '../../domain/time.ts'
import { count, readDeclaration, runTargetOf } from '../declaration/declaration.ts'
import type { RepositoryBounds } from '../running/bounds.ts'
import { newRun } from '../runs/new-run.ts'
import { commitOf } from './commit-of.ts'
import type { Decision, MatchPorts } from './match.ts'
import { matchFork } from './match-fork.ts'
import { type Found, matching } from './matching.ts'
import { policyFaults } from './policy-faults.ts'
import { overtakenBy, pathsOfPush, wayOfPush } from './push-history.ts'

type CommitCause = Extract<ChangeCause, { kind: 'push' | 'pullRequest' | 'release' | 'request' }>

const ignored = (reason: string): Decision => ({ kind: 'end', outcome: { state: 'ignored', reason } })
const branchPrefix = 'refs/heads/'
const tagPrefix = 'refs/tags/'
/** In the message of the commit that was pushed, or that a pull request ends with, whatever the letters' case. */
const skipMark = '[skip winnow]'

/** A push, a pull request, a release or a person's request: what winnow.yaml at the commit says about it. */
export const matchCommit = async (
  ports: MatchPorts,
  change: Change,
  cause: CommitCause,
  at: Time,
  signal: AbortSignal,
): Promise<Decision> => {
  const { repository } = change
  const allowed = ports.bounds(repository)
  if (allowed === undefined) return ignored(`the config names no repository ${repository}`)
  const refusal = refusalWithoutLooking(cause)
  if (refusal !== undefined) return ignored(refusal)
  if (cause.kind === 'pullRequest' && cause.fork) return matchFork(ports, change, cause, allowed, at, signal)
  const asked = await commitOf(ports.host, repository, cause, allowed.defaultBranch, signal)
  if (!asked.ok) return ignored(asked.reason)
  const { commit } = asked
  const late = cause.kind === 'push' && change.replayOf === undefined
  const overtaken = late ? await overtakenBy(ports, change, cause, signal) : undefined
  if (overtaken !== undefined) return { kind: 'end', outcome: { state: 'superseded', reason: overtaken.reason } }
  const declaration = await readDeclaration(ports, repository, commit, signal)
  if (!declaration.ok) {
    if (declaration.faults.length === 0) return ignored(declaration.reason)
    const { reason, faults } = declaration
    return { kind: 'end', outcome: { state: 'invalid', reason, faults } }
  }
  const found = await pipelinesFor(ports, change, cause, declaration.value, allowed.defaultBranch, signal)
  if (found.pipelines.length === 0) return ignored(found.reason)
  if (await isSkipped(ports, repository, cause, commit, signal))
    return ignored(`the message of ${commit.slice(0, 12)} says ${skipMark}`)
  const faults = await policyFaults(ports, repository, commit, found.pipelines, signal)
  if (faults.length > 0) {
    const reason = `the policy has ${count(faults.length, 'fault')}: nothing could pass`
    return { kind: 'end', outcome: { state: 'invalid', reason, faults } }
  }
  const way = cause.kind === 'push' ? await wayOfPush(ports, repository, cause, signal) : undefined
  const reason = way === undefined ? found.reason : `${found.reason} (${way})`
  return start(change, commit, cause, declaration.value, allowed, { ...found, reason }, at)
}

/** What needs no look at the commit. */
const refusalWithoutLooking = (cause: CommitCause): string | undefined => {
  if (cause.kind === 'push') {
    const isTag = cause.ref.startsWith(tagPrefix)
    if (!isTag && !cause.ref.startsWith(branchPrefix)) return `${cause.ref} is no branch and no tag`
    if (cause.deleted)
      return isTag
        ? `tag ${cause.ref.slice(tagPrefix.length)} was deleted`
        : `branch ${cause.ref.slice(branchPrefix.length)} was deleted`
  }
  return undefined
}

/** Asked only where something would start, and only of who may have written the message for Winnow. */
const isSkipped = async (
  { host }: MatchPorts,
  repository: string,
  { kind }: CommitCause,
  commit: string,
  signal: AbortSignal,
): Promise<boolean> =>
  (kind === 'push' || kind === 'pullRequest') &&
  (await host.message(repository, commit, signal)).toLowerCase().includes(skipMark)

const pipelinesFor = async (
  ports: MatchPorts,
  change: Change,
  cause: CommitCause,
  yaml: WinnowYaml,
  defaultBranch: string,
  signal: AbortSignal,
): Promise<Found> => {
  if (cause.kind === 'request') {
    const pipelines = yaml.pipelines.filter((pipeline) => pipeline.name === cause.pipeline)
    const reason = pipelines.length === 0 ? `there is no pipeline ${cause.pipeline}` : `${cause.by} asked for it`
    return { pipelines, reason }
  }
  if (cause.kind === 'pullRequest')
    return matching(yaml, `plan for pull request ${cause.number}`, (pipeline) => matchPullRequest(pipeline, cause))
  if (cause.kind === 'release') return matching(yaml, undefined, (pipeline) => matchRelease(pipeline.on.release, cause))
  const { ref, deleted } = cause
  let matches = matchPushes(yaml, { ref, deleted, paths: cause.paths })
  if (matches.needsPaths) {
    const paths = await pathsOfPush(ports, change.repository, cause, defaultBranch, signal)
    matches = matchPushes(yaml, { ref, deleted, paths })
  }
  return {
    pipelines: matches.started.map(({ pipeline }) => pipeline),
    reason: matches.started[0]?.reason ?? matches.reason,
  }
}

const wishOf = (change: number, { parameters, fresh }: Extract<CommitCause, { kind: 'request' }>) => ({
  ...(parameters === undefined ? {} : { parameters }),
  ...(fresh === true ? { occasion: `change ${change}` } : {}),
})

const start = (
  change: Change,
  commit: string,
  cause: CommitCause,
  yaml: WinnowYaml,
  allowed: RepositoryBounds,
  found: Found,
  at: Time,
): Decision => {
  const wish = {
    change: change.id,
    repository: change.repository,
    commit,
    target: runTargetOf(yaml, allowed),
    mode: cause.kind === 'pullRequest' ? 'plan' : 'run',
    ...(cause.kind === 'request' ? wishOf(change.id, cause) : {}),
  } as const
  return { kind: 'start', reason: found.reason, runs: found.pipelines.map((pipeline) => newRun(pipeline, wish, at)) }
}
