import { isFault } from '../domain/errors.ts'
import type { Release } from '../domain/release.ts'
import type { Verdict } from '../domain/verdict.ts'
import type { LivePorts } from './live.ts'

type Figures = Readonly<Record<string, number>>

/** A verdict's candidate may serve in many environments; so many of its releases are looked at. */
const mostReleases = 1_000

/**
 * What was measured of the candidates of verdicts where they served, by verdict: out of the log of the endpoint's
 * requests, else as the last look at its rollout saw it. Of several environments, the one that was reached last.
 */
export const liveOfVerdicts = async (
  { store, targets, liveFigures }: Pick<LivePorts, 'store' | 'targets' | 'liveFigures'>,
  verdicts: readonly Verdict[],
  signal: AbortSignal,
): Promise<ReadonlyMap<number, { readonly metrics: Figures }>> => {
  if (verdicts.length === 0) return new Map()
  const releases = await store.list('release', { verdict: verdicts.map(({ id }) => id) }, mostReleases)
  const served = releases.filter(({ endpoint, deployedModel }) => endpoint !== null && deployedModel !== null)
  const byEndpoint = new Map<string, Readonly<Record<string, Figures>>>()
  const figuresOf = async ({ target: name, endpoint }: Release): Promise<Readonly<Record<string, Figures>>> => {
    const key = `${name} ${endpoint}`
    const known = byEndpoint.get(key)
    if (known !== undefined) return known
    const target = targets.get(name)
    const figures =
      target === undefined || endpoint === null
        ? undefined
        : await liveFigures({ name, log: target }, endpoint, 0, signal).catch((error: unknown) => {
            // A target that cannot be asked says nothing of its models; the verdicts are told all the same.
            if (!isFault(error)) throw error
            return undefined
          })
    const models = figures?.ok ? figures.models : {}
    byEndpoint.set(key, models)
    return models
  }
  const live = new Map<number, { readonly metrics: Figures }>()
  // Newest first: an older release of the same verdict does not take its place.
  for (const release of served) {
    if (live.has(release.verdict)) continue
    const metrics = (await figuresOf(release))[release.deployedModel as string] ?? release.rollout?.seen?.metrics
    if (metrics !== undefined) live.set(release.verdict, { metrics })
  }
  return live
}
