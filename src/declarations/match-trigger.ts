import { matchesAny } from './glob.ts'
import type { PipelineDeclaration, PushTrigger, ReleaseTrigger, WinnowYaml } from './winnow-yaml.ts'

/** What is asked of a push. `paths` are those that it touched; undefined where they are not known yet. */
export interface PushFacts {
  /** Full ref, `refs/heads/main`. */
  readonly ref: string
  readonly deleted: boolean
  readonly paths: readonly string[] | undefined
}

export type TriggerMatch =
  | { readonly outcome: 'match'; readonly reason: string }
  | { readonly outcome: 'noMatch'; readonly reason: string }
  /** The branch fits, and the paths decide: ask for them and match again. */
  | { readonly outcome: 'needsPaths' }

const branchPrefix = 'refs/heads/'
const tagPrefix = 'refs/tags/'
const pathsShown = 3

/** Whether a push starts a pipeline, and why or why not. */
export const matchPush = (trigger: PushTrigger | null, push: PushFacts): TriggerMatch => {
  if (trigger === null) return noMatch('it has no push trigger')
  if (push.ref.startsWith(tagPrefix)) return matchTag(trigger, push.ref.slice(tagPrefix.length), push.deleted)
  if (!push.ref.startsWith(branchPrefix)) return noMatch(`${push.ref} is no branch`)
  const branch = push.ref.slice(branchPrefix.length)
  if (push.deleted) return noMatch(`branch ${branch} was deleted`)
  if (trigger.branches.length === 0) return noMatch(`${branch} is a branch, tags are wanted`)
  if (!matchesAny(trigger.branches, branch)) return noMatch(`branch is ${branch}, ${wanted(trigger.branches)}`)
  if (trigger.paths.length === 1 && trigger.paths[0] === '**') return match(`push to ${branch}`)
  if (push.paths === undefined) return { outcome: 'needsPaths' }
  const touched = push.paths.find((path) => matchesAny(trigger.paths, path))
  if (touched !== undefined) return match(`push to ${branch} changed ${touched}`)
  return noMatch(`changed ${shownPaths(push.paths)}, ${wanted(trigger.paths)}`)
}

/** Paths do not count for a tag: it says what a commit is called, not what changed. */
const matchTag = ({ tags = [] }: PushTrigger, tag: string, deleted: boolean): TriggerMatch => {
  if (tags.length === 0) return noMatch(`${tag} is a tag, branches are wanted`)
  if (deleted) return noMatch(`tag ${tag} was deleted`)
  return matchesAny(tags, tag) ? match(`tag ${tag}`) : noMatch(`tag is ${tag}, ${wanted(tags)}`)
}

/** Whether a release starts a pipeline, and why or why not. */
export const matchRelease = (
  trigger: ReleaseTrigger | null,
  release: { readonly action: string; readonly ref: string },
): TriggerMatch => {
  if (trigger === null) return noMatch('it has no release trigger')
  const tag = release.ref.slice(tagPrefix.length)
  const types: readonly string[] = trigger.types
  if (!types.includes(release.action)) return noMatch(`release ${tag} was ${release.action}, ${wanted(types)}`)
  if (!matchesAny(trigger.tags, tag)) return noMatch(`tag is ${tag}, ${wanted(trigger.tags)}`)
  return match(`release ${tag} was ${release.action}`)
}

export interface PushMatches {
  readonly started: readonly { readonly pipeline: PipelineDeclaration; readonly reason: string }[]
  /** True where some pipeline's answer hangs on paths that were not given. */
  readonly needsPaths: boolean
  /** A sentence for the change when nothing is started. */
  readonly reason: string
}

/** Every pipeline of a repository that a push starts. */
export const matchPushes = (yaml: WinnowYaml, push: PushFacts): PushMatches => {
  const results = yaml.pipelines.map((pipeline) => ({ pipeline, match: matchPush(pipeline.on.push, push) }))
  const refused = results.flatMap(({ pipeline, match }) =>
    match.outcome === 'noMatch' ? [{ pipeline: pipeline.name, reason: match.reason }] : [],
  )
  return {
    started: results.flatMap(({ pipeline, match }) =>
      match.outcome === 'match' ? [{ pipeline, reason: match.reason }] : [],
    ),
    needsPaths: results.some(({ match }) => match.outcome === 'needsPaths'),
    reason: noTriggerReason(refused),
  }
}

/** Whether a pull request is planned, and why or why not. */
export const matchPullRequest = (pipeline: PipelineDeclaration, request: { readonly action: string }): TriggerMatch => {
  if (pipeline.on.pullRequest?.plan !== true) return noMatch('it plans no pull requests')
  if (!['opened', 'synchronize', 'reopened', 'ready_for_review'].includes(request.action))
    return noMatch(`the pull request was ${request.action}, which changes no code`)
  return match(`pull request ${request.action}`)
}

/** `no trigger matches: branch is feature, main is wanted`; each pipeline is named where their reasons differ. */
export const noTriggerReason = (refused: readonly { readonly pipeline: string; readonly reason: string }[]): string => {
  if (refused.length === 0) return 'no trigger matches: there is no pipeline'
  const reasons = new Set(refused.map(({ reason }) => reason))
  const said = reasons.size === 1 ? [...reasons] : refused.map(({ pipeline, reason }) => `${pipeline}: ${reason}`)
  return `no trigger matches: ${said.join('; ')}`
}

const match = (reason: string): TriggerMatch => ({ outcome: 'match', reason })
const noMatch = (reason: string): TriggerMatch => ({ outcome: 'noMatch', reason })

const wanted = (patterns: readonly string[]): string =>
  patterns.length === 1 ? `${patterns[0]} is wanted` : `${patterns.join(', ')} are wanted`

const shownPaths = (paths: readonly string[]): string => {
  if (paths.length === 0) return 'no file'
  const more = paths.length - pathsShown
  return `${paths.slice(0, pathsShown).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
