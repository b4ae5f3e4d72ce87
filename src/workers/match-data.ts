import { type Batch, closesAt, joinBatch } from '../domain/batch.ts'
import type { Change, ChangeCause } from '../domain/change.ts'
import { Fault } from '../domain/errors.ts'
import type { Time } from '../domain/time.ts'
import { count, declarationFile, readProtectedDeclaration } from './declaration.ts'
import type { Decision, MatchPorts } from './match.ts'
import { create } from './transitions.ts'

type DataCause = Extract<ChangeCause, { kind: 'data' }>

/** An object of a data source joins the open batch of its pipeline, or opens one. The protected branch says how long it waits. */
export const matchData = async (
  ports: MatchPorts,
  change: Change,
  cause: DataCause,
  at: Time,
  signal: AbortSignal,
): Promise<Decision> => {
  const { repository } = change
  const { pipeline } = cause
  if (pipeline === null) return { kind: 'end', outcome: { state: 'ignored', reason: 'no trigger asks for it' } }
  const { declaration } = await readProtectedDeclaration(ports, repository, signal)
  const ignored = (reason: string): Decision => ({ kind: 'end', outcome: { state: 'ignored', reason } })
  // Data is not lost to a mistake in a file that somebody is about to correct.
  if (!declaration.ok)
    throw new Fault('declaration_invalid', `this data waits: ${declaration.reason}`, {
      retryable: true,
      details: declaration.faults,
      remedy: `correct ${declarationFile} on the protected branch`,
    })
  const rule = declaration.value.pipelines.find(({ name }) => name === pipeline)?.on.data
  if (rule === undefined || rule === null) return ignored(`no pipeline ${pipeline} waits for data any more`)
  const object = { uri: cause.uri, generation: cause.generation, size: cause.size }
  return {
    kind: 'join',
    join: async (tx) => {
      const [open] = await tx.list('batch', { repository, pipeline, state: 'open' }, 1)
      const batch: Batch =
        open === undefined
          ? await create(
              tx,
              'batch',
              {
                repository,
                pipeline,
                state: 'open',
                openedAt: at,
                lastObjectAt: at,
                nextAt: closesAt({ openedAt: at, lastObjectAt: at }, rule),
                objects: [object],
                run: null,
              },
              `${object.uri} came`,
              at,
            )
          : await tx.update('batch', joinBatch(open, object, rule, at))
      await tx.enqueue('gather', batch.id, batch.nextAt ?? at)
      return { batch: batch.id, reason: `joined batch ${batch.id} (${count(batch.objects.length, 'object')})` }
    },
  }
}
