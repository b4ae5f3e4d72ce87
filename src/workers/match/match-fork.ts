import { matchPullRequest } from '../../declarations/match-trigger.ts'
import type { PipelineDeclaration } from '../../declarations/winnow-yaml.ts'
import type { Change, ChangeCause } from '../../domain/change.ts'
import type { RepositoryHost } from '../../domain/ports/host.ts'
import type { Time } from '../../domain/time.ts'
import { readProtectedDeclaration, runTargetOf } from '../declaration/declaration.ts'
import type { RepositoryBounds } from '../running/bounds.ts'
import { newRun } from '../runs/new-run.ts'
import type { Decision, MatchPorts } from './match.ts'
import { matching } from './matching.ts'

type PullRequest = Extract<ChangeCause, { kind: 'pullRequest' }>

/**
 * A pull request of a fork, whose code nobody has trusted yet: refused, or, where the config says so, planned. What is
 * planned, by which triggers and with which packages, is the protected branch's word; of the fork come the sources alone.
 */
export const matchFork = async (
  ports: MatchPorts,
  change: Change,
  cause: PullRequest,
  allowed: RepositoryBounds,
  at: Time,
  signal: AbortSignal,
): Promise<Decision> => {
  const { repository } = change
  const { number, commit } = cause
  const ignored = (reason: string): Decision => ({ kind: 'end', outcome: { state: 'ignored', reason } })
  if (allowed.forks !== 'sandbox')
    return ignored('the pull request comes from a fork, whose code nobody has trusted yet')
  const { commit: trusted, declaration } = await readProtectedDeclaration(ports, repository, signal)
  if (!declaration.ok) return ignored(`the protected branch says nothing of this fork: ${declaration.reason}`)
  const reason = `plan for pull request ${number} of a fork, in a sandbox`
  const found = matching(declaration.value, reason, (pipeline) => matchPullRequest(pipeline, cause))
  if (found.pipelines.length === 0) return ignored(found.reason)
  const fetched = await ports.host.fetchPullRequest(repository, number, commit, signal)
  if (!fetched) return ignored(`pull request ${number} is not at ${commit.slice(0, 12)} any more`)
  const changed = await changedRequirements(ports.host, repository, trusted, commit, found.pipelines, signal)
  if (changed !== undefined)
    return ignored(`the fork changes ${changed}: only the packages that the protected branch asks for are installed`)
  const target = runTargetOf(declaration.value, allowed)
  const wish = { change: change.id, repository, commit, target, mode: 'plan' } as const
  return { kind: 'start', reason: found.reason, runs: found.pipelines.map((pipeline) => newRun(pipeline, wish, at)) }
}

/** The first requirements file that is not what the protected branch has: installing is running code. */
const changedRequirements = async (
  host: RepositoryHost,
  repository: string,
  trusted: string,
  commit: string,
  pipelines: readonly PipelineDeclaration[],
  signal: AbortSignal,
): Promise<string | undefined> => {
  for (const { source } of pipelines) {
    const file = 'requirements' in source ? source.requirements : undefined
    if (file === undefined) continue
    const [ours, theirs] = await Promise.all(
      [trusted, commit].map((one) => host.readFile(repository, one, file, signal)),
    )
    if (ours !== theirs) return file
  }
  return undefined
}
