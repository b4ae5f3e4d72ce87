import type { EnvironmentDeclaration } from '../../declarations/winnow-yaml.ts'
import type { Digest } from '../../domain/digest.ts'
import type { ModelVersion } from '../../domain/evidence.ts'
import type { NewRow, Transaction } from '../../domain/ports/store.ts'
import type { Release } from '../../domain/release.ts'
import type { Time } from '../../domain/time.ts'
import { nextEnvironments } from '../declaration/declaration.ts'
import { create } from '../running/transitions.ts'

export interface Delivery {
  readonly verdict: number
  readonly run: number
  readonly repository: string
  readonly model: string
  readonly candidate: ModelVersion
  readonly receiptDigest: Digest
  /** The verdict is inconclusive, and its policy asks for a canary. */
  readonly canary?: boolean
}

/** The environments after one (null: after none), among those that are declared. */
export interface Following {
  readonly declared: readonly EnvironmentDeclaration[]
  readonly after: string | null
}

/**
 * Queues a release for each of the environments that come next. A verdict is delivered to an environment once, so that
 * a step that a crash repeated adds nothing; what serves there already is not released again, and is carried on to the
 * environments after that.
 */
export const deliver = async (
  tx: Transaction,
  delivery: Delivery,
  { declared, after }: Following,
  at: Time,
): Promise<readonly Release[]> => {
  const made: Release[] = []
  for (const environment of nextEnvironments(declared, after)) {
    const { repository, model, verdict } = delivery
    const known = await tx.list('release', { verdict, environment: environment.name })
    // One that never began, because the verdict was to be given again, does not stand for this one.
    if (known.some(({ state }) => state !== 'superseded' && state !== 'refused')) continue
    const [live] = await tx.list('release', { repository, model, environment: environment.name, state: 'live' }, 1)
    if (live !== undefined && isSameModel(live.candidate, delivery.candidate)) {
      const why = `${environment.name} serves this model already: release ${live.id} is live`
      // The newer verdict stands behind it now, also against a slower run in between.
      if (live.latestRun < delivery.run) await tx.update('release', { ...live, latestRun: delivery.run })
      await tx.record({
        at,
        kind: 'verdict',
        id: verdict,
        from: stateOf(delivery),
        to: stateOf(delivery),
        by: 'winnow',
        why,
      })
      made.push(...(await deliver(tx, delivery, { declared, after: environment.name }, at)))
      continue
    }
    const row = newRelease(delivery, environment, at)
    const release = await create(
      tx,
      'release',
      row,
      `verdict ${verdict} ${delivery.canary ? 'is inconclusive, and its policy asks for a canary' : 'passed'}`,
      at,
    )
    await tx.enqueue('release', release.id)
    made.push(release)
  }
  return made
}

const stateOf = ({ canary }: Delivery): 'pass' | 'inconclusive' => (canary ? 'inconclusive' : 'pass')

/** The row of a release that nothing has happened to yet. */
export const newRelease = (delivery: Delivery, environment: EnvironmentDeclaration, at: Time): NewRow<'release'> => ({
  ...delivery,
  latestRun: delivery.run,
  environment: environment.name,
  target: environment.target,
  endpointName: environment.endpoint ?? delivery.model,
  state: 'queued',
  reason: '',
  registered: null,
  endpoint: null,
  deployedModel: null,
  previous: null,
  operation: null,
  createdAt: at,
  endedAt: null,
  nextAt: at,
  failures: 0,
})

const isSameModel = (a: ModelVersion, b: ModelVersion): boolean =>
  a.model === b.model && a.version === b.version && a.artifactUri === b.artifactUri && a.digest === b.digest
