import type { Reading, Transaction } from '../../domain/ports/store.ts'
import { type Release, type ReleaseState, releaseActive, releaseEnded, releaseWaiting } from '../../domain/release.ts'
import type { Time } from '../../domain/time.ts'

/** States in which what a release brought, or is about to bring, must not be replaced by something older. */
const standing: readonly ReleaseState[] = ['queued', 'live']

/** Whether a queued release may begin: one at a time for each model in an environment, and the newest run wins. */
export type Turn =
  | { readonly kind: 'begin' }
  | { readonly kind: 'wait'; readonly behind: Release }
  | { readonly kind: 'superseded'; readonly by: Release }

/** The newest run, not the newest release: an older push may take longer, and then its release is made last. */
export const turnOf = async (release: Release, store: Reading): Promise<Turn> => {
  const { repository, model, environment } = release
  // Whoever overrides a verdict may mean an older model, too.
  const [newer] = release.override
    ? []
    : (await store.list('release', { repository, model, environment, state: standing })).filter(
        (other) => other.latestRun > release.run || (other.run === release.run && other.id > release.id),
      )
  if (newer !== undefined) return { kind: 'superseded', by: newer }
  // Two models, or two environments, may share an endpoint: their splits must not be moved at once either.
  const { target, endpointName } = release
  const [behind] = (await store.list('release', { target, endpointName, state: releaseActive })).filter(
    (other) => other.id !== release.id,
  )
  return behind === undefined ? { kind: 'begin' } : { kind: 'wait', behind }
}

/** Once a release has ended, those that waited for it are looked at again at once. */
export const wakeWaiting = async (tx: Transaction, ended: Release, at: Time): Promise<void> => {
  if (!releaseEnded.includes(ended.state)) return
  const { target, endpointName } = ended
  await wakeReleases(tx, await tx.list('release', { target, endpointName, state: releaseWaiting }), at)
}

/** Releases of a run that wait are looked at again at once: somebody has spoken. */
export const wakeReleases = async (tx: Transaction, waiting: readonly Release[], at: Time): Promise<void> => {
  for (const release of waiting) {
    await tx.update('release', { ...release, nextAt: at })
    await tx.enqueue('release', release.id)
  }
}
