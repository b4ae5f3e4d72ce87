import { aboutPullRequest, aboutPush, aboutRelease } from './about.ts'
import { type GitGround, releaseEvery } from './git-ground.ts'
import { below, pick, type Random, weighted } from './random.ts'
import type { Happening, Outcome } from './sender.ts'

type PullRequestAction = 'opened' | 'synchronize' | 'reopened'

/** What a host tells, before it is put into the host's words. */
export type GitEvent =
  | { readonly kind: 'pushes'; readonly refs: readonly RefUpdate[] }
  | {
      readonly kind: 'pullRequest'
      readonly number: number
      readonly action: PullRequestAction
      readonly branch: string
      readonly commit: string
      readonly fork: boolean
    }
  | { readonly kind: 'release'; readonly tag: string; readonly action: 'published' | 'edited'; readonly commit: string }
  /** A star, a ping, a comment. */
  | { readonly kind: 'nothing' }

export interface RefUpdate {
  readonly ref: string
  readonly before: string
  readonly commit: string
}

export interface Told {
  readonly event: GitEvent
  readonly happenings: readonly Happening[]
}

/** What a host can tell of. */
export interface Vocabulary {
  readonly pullRequests: readonly PullRequestAction[]
  /** Refs that are neither branch nor tag. */
  readonly notes: boolean
  readonly releases: boolean
  readonly nothings: boolean
  /** Refs in one delivery at most. */
  readonly refs: number
}

/** A host that tells of everything, one ref at a time. */
export const everything: Vocabulary = {
  pullRequests: ['opened', 'synchronize', 'reopened'],
  notes: true,
  releases: true,
  nothings: true,
  refs: 1,
}

const zeros = '0'.repeat(40)

/**
 * The event number `index` of a repository, and what must become of it. Most are looked at and ignored; some start runs,
 * of which few are new, since most commits were seen before. Branches of happenings are their own, but for the few lines
 * `train/…`, on which a newer push takes the place of an older one.
 */
export const nextGitEvent = (
  random: Random,
  index: number,
  repository: string,
  ground: GitGround,
  can: Vocabulary,
): Told => {
  const tell = (event: GitEvent, ...happenings: readonly (readonly [string, ...Outcome[]])[]): Told => ({
    event,
    happenings: happenings.map(([about, ...outcomes]) => ({ repository, about, outcomes })),
  })
  const push = (ref: string, before: string, commit: string, ...outcomes: readonly Outcome[]): Told =>
    tell({ kind: 'pushes', refs: [{ ref, before, commit }] }, [aboutPush(ref, before, commit), ...outcomes])
  const commit = pick(random, ground.good)
  const before = random() < 0.3 ? zeros : pick(random, ground.good)

  const pullRequest = (fork: boolean): Told => {
    const action = pick(random, can.pullRequests)
    const number = index + 1
    // The branch is there: a host that says twelve digits only has Winnow ask for the rest.
    const branch = `pool/${ground.good.indexOf(commit)}`
    return tell({ kind: 'pullRequest', number, action, branch, commit, fork }, [
      aboutPullRequest(number, action, commit),
      fork ? 'ignored' : 'started',
    ])
  }

  const choices: (readonly [number, () => Told])[] = [
    [48, () => push(`refs/heads/feature/${index}`, before, commit, 'ignored')],
    [16, () => push(`refs/heads/feature/${index}`, commit, zeros, 'ignored')],
    [3, () => push(`refs/tags/nightly-${index}`, zeros, commit, 'ignored')],
    [4, () => push(`refs/heads/broken/${index}`, before, ground.broken, 'invalid')],
    [1.5, () => push(`refs/tags/v${index}.1`, zeros, commit, 'started')],
    // The line moves on: the happening is known by the step, which no other has on its line.
    [2.5, () => push(`refs/heads/train/${below(random, 3)}`, numbered(index), commit, 'started', 'superseded')],
  ]
  if (can.notes) choices.push([2, () => push(`refs/notes/${index}`, before, commit, 'ignored')])
  if (can.pullRequests.length > 0) choices.push([14, () => pullRequest(true)], [1.5, () => pullRequest(false)])
  if (can.releases) {
    const release = (tag: string, action: 'published' | 'edited', outcome: Outcome): Told =>
      tell({ kind: 'release', tag, action, commit }, [aboutRelease(`refs/tags/${tag}`, action), outcome])
    choices.push([3, () => release(`v${index}.2`, 'edited', 'ignored')])
    if (index % releaseEvery === 0) choices.push([10, () => release(`r${index}`, 'published', 'started')])
  }
  if (can.nothings) choices.push([4, () => tell({ kind: 'nothing' })])
  if (can.refs > 1)
    choices.push([
      4,
      () => {
        const refs = Array.from({ length: 2 + below(random, can.refs - 1) }, (_, i) => ({
          ref: `refs/heads/many/${index}/${i}`,
          before: zeros,
          commit,
        }))
        return tell(
          { kind: 'pushes', refs },
          ...refs.map(({ ref }) => [aboutPush(ref, zeros, commit), 'ignored'] as const),
        )
      },
    ])
  return weighted(random, choices)()
}

/** A hash that stands for nothing that was ever fetched: what a push replaced may be gone. */
const numbered = (index: number): string => `${index.toString(16).padStart(10, '0')}${'a'.repeat(30)}`
