import type { WinnowYaml } from '../../declarations/winnow-yaml.ts'
import { justRecorded, type UpstreamCause, upstreamName } from '../../domain/change.ts'
import { digestJson } from '../../domain/digest.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import type { Lineage } from '../../domain/lineage.ts'
import type { Transaction } from '../../domain/ports/store.ts'
import type { Time } from '../../domain/time.ts'
import { type DeclarationPorts, readProtectedDeclaration } from '../declaration/declaration.ts'
import type { StepContext } from '../running/step.ts'
import { create } from '../running/transitions.ts'

export interface TellingPorts extends DeclarationPorts {
  /** Those that the config names. */
  readonly repositories: readonly string[]
}

/**
 * The repositories with a pipeline that waits for this, read before the transaction that makes it so. One whose
 * declaration cannot be read now is told, too: its change waits until it can.
 */
export const listenersOf = async (
  ports: TellingPorts,
  cause: UpstreamCause,
  { signal, log }: StepContext,
): Promise<readonly string[]> => {
  const listeners: string[] = []
  for (const repository of ports.repositories) {
    if (repository !== cause.repository && !ports.bounds(repository)?.upstream?.includes(cause.repository)) continue
    try {
      const { declaration } = await readProtectedDeclaration(ports, repository, signal)
      const listens = declaration.ok
        ? pipelinesAfter(declaration.value, repository, cause).length > 0
        : declaration.faults.length > 0
      if (listens) listeners.push(repository)
    } catch (error) {
      if (signal.aborted) throw error
      log.warn({ repository, reason: messageOf(error) }, 'who waits for this is not known; the repository is told')
      listeners.push(repository)
    }
  }
  return listeners
}

/** The pipelines of a repository that wait for what happened. */
export const pipelinesAfter = (yaml: WinnowYaml, repository: string, cause: UpstreamCause) =>
  yaml.pipelines.filter(({ on }) =>
    on.upstream.some((trigger) => {
      if ((trigger.repository ?? repository) !== cause.repository) return false
      if (cause.live === undefined) return trigger.pipeline === cause.pipeline
      return trigger.model === cause.live.model && trigger.environment === cause.live.environment
    }),
  )

/** A change for each listener, in the transaction that ends what they listen to. */
export const tellUpstream = async (
  tx: Transaction,
  listeners: readonly string[],
  cause: UpstreamCause,
  lineage: Lineage,
  at: Time,
): Promise<void> => {
  const what = cause.live === undefined ? `run:${cause.run}` : `release:${cause.live.release}`
  for (const repository of listeners) {
    const dedupeKey = `upstream:${repository}:${what}`
    const [known] = await tx.list('change', { dedupeKey }, 1)
    if (known !== undefined) continue
    const row = {
      repository,
      cause,
      sender: 'winnow',
      author: 'winnow',
      dedupeKey,
      bodyDigest: digestJson({ repository, cause: cause as unknown as Json }),
      lineage,
      receivedAt: at,
      ...justRecorded,
    }
    const change = await create(tx, 'change', row, upstreamName(cause), at)
    await tx.enqueue('match', change.id)
  }
}
