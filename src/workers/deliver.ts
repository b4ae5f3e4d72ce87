import type { EnvironmentDeclaration } from '../declarations/winnow-yaml.ts'
import type { Digest } from '../domain/digest.ts'
import type { ModelVersion } from '../domain/evidence.ts'
import type { Transaction } from '../domain/ports.ts'
import type { Release } from '../domain/release.ts'
import type { Time } from '../domain/time.ts'
import { create } from './transitions.ts'

export interface Delivery {
  readonly verdict: number
  readonly run: number
  readonly repository: string
  readonly model: string
  readonly candidate: ModelVersion
  readonly receiptDigest: Digest
}

const approvalsMissing = 'asks for a person; approvals are not available in this version'

/**
 * Queues a release for each of the environments. A verdict is delivered to an environment once, so that a step that
 * a crash repeated adds nothing; what serves there already is not released again.
 */
export const deliver = async (
  tx: Transaction,
  delivery: Delivery,
  environments: readonly EnvironmentDeclaration[],
  at: Time,
): Promise<readonly Release[]> => {
  const made: Release[] = []
  for (const environment of environments) {
    const { repository, model } = delivery
    const known = await tx.list('release', { verdict: delivery.verdict, environment: environment.name }, 1)
    if (known.length > 0) continue
    const [live] = await tx.list('release', { repository, model, environment: environment.name, state: 'live' }, 1)
    if (live !== undefined && isSameModel(live.candidate, delivery.candidate)) {
      const why = `${environment.name} serves this model already: release ${live.id} is live`
      // The newer verdict stands behind it now, also against a slower run in between.
      if (live.latestRun < delivery.run) await tx.update('release', { ...live, latestRun: delivery.run })
      await tx.record({ at, kind: 'verdict', id: delivery.verdict, from: 'pass', to: 'pass', by: 'winnow', why })
      continue
    }
    const held = environment.protected
    const reason = held ? `${environment.name} is protected: it ${approvalsMissing}` : ''
    const release = await create(
      tx,
      'release',
      {
        ...delivery,
        latestRun: delivery.run,
        environment: environment.name,
        target: environment.target,
        endpointName: environment.endpoint ?? delivery.model,
        state: held ? 'held' : 'queued',
        reason,
        registered: null,
        endpoint: null,
        deployedModel: null,
        previous: null,
        operation: null,
        createdAt: at,
        endedAt: held ? at : null,
        nextAt: held ? null : at,
        failures: 0,
      },
      held ? reason : `verdict ${delivery.verdict} passed`,
      at,
    )
    if (!held) await tx.enqueue('release', release.id)
    made.push(release)
  }
  return made
}

const isSameModel = (a: ModelVersion, b: ModelVersion): boolean =>
  a.model === b.model && a.version === b.version && a.artifactUri === b.artifactUri && a.digest === b.digest
