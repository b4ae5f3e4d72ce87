import { shortDigest } from './digest.ts'
import type { EndpointView } from './ports/serving.ts'
import type { Release } from './release.ts'
import { allAtOnce, beginRollout, splitWith, stepOf } from './rollout.ts'

type Split = Readonly<Record<string, number>>

/** What a release does next, given what its endpoint looks like now. Each is safe to do twice. */
export type ReleaseAction =
  | { readonly do: 'begin' }
  | { readonly do: 'register' }
  | { readonly do: 'findEndpoint' }
  | { readonly do: 'deploy' }
  | { readonly do: 'split'; readonly split: Split }
  | { readonly do: 'undeploy'; readonly deployedModel: string }
  | { readonly do: 'deployed'; readonly deployedModel: string }
  | { readonly do: 'shifted' }
  /** The step's traffic is as it should be: see how the candidate does. */
  | { readonly do: 'look' }
  | { readonly do: 'finish' }
  | { readonly do: 'fail'; readonly reason: string }
  | { readonly do: 'lose'; readonly reason: string }
  | { readonly do: 'undone' }
  | { readonly do: 'giveUp'; readonly reason: string }
  | { readonly do: 'nothing' }

/** The name by which a release finds again what it deployed or uploaded; a valid model alias, and unique to the release. */
export const releaseKey = (release: Pick<Release, 'id' | 'receiptDigest'>): string =>
  `winnow-${shortDigest(release.receiptDigest)}-r${release.id}`

/** What has the traffic, to be restored by a rollback; null where nothing has. */
export const servingNow = (endpoint: EndpointView): Release['previous'] => {
  const shares = Object.entries(endpoint.split).filter(([, percent]) => percent > 0)
  const [most] = [...shares].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  return most === undefined ? null : { deployedModel: most[0], split: Object.fromEntries(shares) }
}

/** The next action of a release. `endpoint` is read just before, and is undefined where the release has none yet or it is gone. */
export const planRelease = (release: Release, endpoint: EndpointView | undefined): ReleaseAction => {
  switch (release.state) {
    case 'queued':
      return { do: 'begin' }
    case 'registering':
      return { do: 'register' }
    case 'deploying':
      return planDeploying(release, endpoint)
    case 'shifting':
      return planStep(release, endpoint, { do: 'shifted' })
    case 'holding':
      return planStep(release, endpoint, { do: 'look' })
    case 'retiring':
      return planRetiring(release, endpoint)
    case 'rollingBack':
      return planRollback(release, endpoint)
    default:
      return { do: 'nothing' }
  }
}

const ownOf = (release: Release, endpoint: EndpointView | undefined): string | undefined =>
  endpoint?.deployed.find((deployed) => deployed.displayName === releaseKey(release))?.id

const planDeploying = (release: Release, endpoint: EndpointView | undefined): ReleaseAction => {
  if (release.endpoint === null) return { do: 'findEndpoint' }
  if (endpoint === undefined) return { do: 'fail', reason: `the endpoint ${release.endpoint} is gone` }
  if (release.canary && release.previous === null)
    return { do: 'fail', reason: 'nothing serves there that a canary could share the traffic with' }
  const own = ownOf(release, endpoint)
  return own === undefined ? { do: 'deploy' } : { do: 'deployed', deployedModel: own }
}

/** The step's whole split is there, or is set; whoever moved the traffic meanwhile does not change what the step has. */
const planStep = (
  release: Release,
  endpoint: EndpointView | undefined,
  whenThere: { readonly do: 'shifted' } | { readonly do: 'look' },
): ReleaseAction => {
  const own = ownOf(release, endpoint)
  if (endpoint === undefined || own === undefined)
    return { do: 'lose', reason: 'the candidate is not deployed any more: somebody else took it away' }
  const wanted = wantedSplit(release, own)
  const gone = Object.keys(wanted).find((id) => !isDeployed(endpoint, id))
  // All traffic to the candidate would be more than its step allows.
  if (gone !== undefined) return { do: 'lose', reason: `the deployed model ${gone}, which served beside it, is gone` }
  return isSameSplit(endpoint.split, wanted) ? whenThere : { do: 'split', split: wanted }
}

/** The whole split of the step under way. */
const wantedSplit = (release: Release, own: string): Split => {
  const { traffic } = stepOf(release.rollout ?? beginRollout(allAtOnce, false))
  return splitWith(own, traffic, release.previous?.split ?? {})
}

const planRetiring = (release: Release, endpoint: EndpointView | undefined): ReleaseAction => {
  const own = ownOf(release, endpoint)
  if (endpoint === undefined || own === undefined)
    return { do: 'lose', reason: 'the candidate is not deployed any more: somebody else took it away' }
  // The old model goes only while the new one demonstrably has all the traffic.
  if (!hasAll(endpoint.split, own)) return { do: 'split', split: { [own]: 100 } }
  const old = Object.keys(release.previous?.split ?? {}).find((id) => id !== own && isDeployed(endpoint, id))
  return old === undefined ? { do: 'finish' } : { do: 'undeploy', deployedModel: old }
}

const planRollback = (release: Release, endpoint: EndpointView | undefined): ReleaseAction => {
  const { previous } = release
  if (endpoint === undefined)
    return previous === null
      ? { do: 'undone' }
      : { do: 'giveUp', reason: `${release.reason}; the endpoint is gone, so nothing can be restored` }
  const own = ownOf(release, endpoint)
  const ownShare = own === undefined ? 0 : (endpoint.split[own] ?? 0)
  const nobodyServes = Object.keys(endpoint.split).length === 0
  if (ownShare > 0 || (nobodyServes && previous !== null)) {
    const restored = previous === null ? {} : restorable(previous, endpoint, own)
    if (restored === undefined)
      return {
        do: 'giveUp',
        reason: `${release.reason}; what served before is not deployed any more, so the traffic stays as it is`,
      }
    return { do: 'split', split: restored }
  }
  return own === undefined ? { do: 'undone' } : { do: 'undeploy', deployedModel: own }
}

/** The previous split, or all traffic to its main model where others of it are gone; undefined where that is gone too. */
const restorable = (
  previous: NonNullable<Release['previous']>,
  endpoint: EndpointView,
  own: string | undefined,
): Split | undefined => {
  const ids = Object.keys(previous.split)
  if (ids.every((id) => id !== own && isDeployed(endpoint, id))) return previous.split
  return isDeployed(endpoint, previous.deployedModel) ? { [previous.deployedModel]: 100 } : undefined
}

const isDeployed = (endpoint: EndpointView, id: string): boolean => endpoint.deployed.some((d) => d.id === id)
const hasAll = (split: Split, id: string): boolean => split[id] === 100
const isSameSplit = (a: Split, b: Split): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(b).every(([id, share]) => a[id] === share)
