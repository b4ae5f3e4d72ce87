import type { UpstreamCause } from '../../domain/change.ts'
import type { Lineage } from '../../domain/lineage.ts'
import type { Store, Transaction } from '../../domain/ports/store.ts'
import type { Release } from '../../domain/release.ts'
import type { Time } from '../../domain/time.ts'
import { lineageAfter } from '../match/lineage-of.ts'
import type { StepContext } from '../running/step.ts'
import { listenersOf, type TellingPorts, tellUpstream } from '../runs/tell-upstream.ts'

/** That a model is live, and who waits for it. */
export interface LiveNews {
  readonly cause: UpstreamCause
  readonly listeners: readonly string[]
  readonly lineage: Lineage
}

/** Who waits for a release that is about to be live; undefined where nobody does. */
export const hearLive = async (
  ports: TellingPorts & { readonly store: Store },
  release: Release,
  context: StepContext,
): Promise<LiveNews | undefined> => {
  const run = await ports.store.get('run', release.run)
  if (run === undefined) return undefined
  const { repository, pipeline, id } = run
  const { id: number, model, environment } = release
  const cause = {
    kind: 'upstream',
    repository,
    pipeline,
    run: id,
    live: { release: number, model, environment },
  } as const
  const listeners = await listenersOf(ports, cause, context)
  return listeners.length === 0 ? undefined : { cause, listeners, lineage: await lineageAfter(ports.store, run) }
}

/** In the transaction that makes it live. */
export const tellLive = (tx: Transaction, { listeners, cause, lineage }: LiveNews, at: Time): Promise<void> =>
  tellUpstream(tx, listeners, cause, lineage, at)
