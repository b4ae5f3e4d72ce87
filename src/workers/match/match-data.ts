import { type DataTrigger, matchDataTrigger } from '../../declarations/data-trigger.ts'
import type { DataObject } from '../../domain/batch.ts'
import type { Change, ChangeCause } from '../../domain/change.ts'
import { isManifestFile } from '../../domain/manifest-file.ts'
import type { Transaction } from '../../domain/ports/store.ts'
import type { Time } from '../../domain/time.ts'
import { readProtectedDeclaration, waitsForCorrection } from '../declaration/declaration.ts'
import { type BatchLine, type Settled, settleDeleted, settleWritten } from './join-batch.ts'
import type { Decision, MatchPorts } from './match.ts'
import { whyOwnOutput, writtenBy } from './own-output.ts'

type DataCause = Extract<ChangeCause, { kind: 'data' }>

/**
 * An object of a data source joins the open batch of each trigger that watches it, or leaves it. Where a pipeline's own
 * source saw it, that pipeline alone is asked; else every data trigger of the repository. The protected branch says
 * which there are.
 */
export const matchData = async (
  ports: MatchPorts,
  change: Change,
  cause: DataCause,
  at: Time,
  signal: AbortSignal,
): Promise<Decision> => {
  const { repository } = change
  if (isManifestFile(cause.uri)) return ignored(`${cause.uri} is a manifest that Winnow wrote`)
  const { declaration } = await readProtectedDeclaration(ports, repository, signal)
  if (!declaration.ok) throw waitsForCorrection('this data waits', declaration)
  const triggers = declaration.value.pipelines.flatMap(({ name, on }) =>
    on.data !== null && (cause.pipeline === null || cause.pipeline === name)
      ? [{ pipeline: name, trigger: on.data }]
      : [],
  )
  if (triggers.length === 0 && cause.pipeline !== null)
    return ignored(`no pipeline ${cause.pipeline} waits for data any more`)
  const matches = triggers.map((one) => ({
    ...one,
    match: matchDataTrigger(one.trigger, cause.uri, cause.pipeline !== null),
  }))
  const wanted = matches.flatMap(({ pipeline, trigger, match }) =>
    match.kind === 'none' ? [] : [{ line: { repository, pipeline, trigger, key: match.key }, as: match.kind }],
  )
  if (wanted.length === 0) {
    const reasons = matches.flatMap(({ pipeline, match }) =>
      match.kind === 'none' && match.reason !== null ? [`${pipeline}: ${match.reason}`] : [],
    )
    return ignored(reasons.join('; ') || `no data trigger of ${repository} matches ${cause.uri}`)
  }
  if (cause.event === 'deleted') return { kind: 'join', join: (tx) => joinAll(tx, wanted, cause, change, at) }
  const pipelines = wanted.map(({ line }) => line.pipeline)
  const written = await writtenBy(ports.store, repository, cause.uri, pipelines)
  const loops = pipelines.flatMap((pipeline) => whyOwnOutput(written, repository, pipeline) ?? [])
  const others = wanted.filter(({ line }) => whyOwnOutput(written, repository, line.pipeline) === undefined)
  if (others.length === 0) return ignored(loops.join('; '))
  const lineage = written === undefined ? {} : { lineage: written.lineage }
  return { kind: 'join', join: (tx) => joinAll(tx, others, cause, { ...change, ...lineage }, at), ...lineage }
}

const ignored = (reason: string): Decision => ({ kind: 'end', outcome: { state: 'ignored', reason } })

interface Wanted {
  readonly line: BatchLine & { readonly trigger: DataTrigger }
  readonly as: 'object' | 'marker'
}

const joinAll = async (tx: Transaction, wanted: readonly Wanted[], cause: DataCause, change: Change, at: Time) => {
  const object = objectOf(cause)
  const settled: Settled[] = []
  // In one order, so that two changes never wait for each other's batches.
  for (const { line, as } of [...wanted].sort((a, b) => (a.line.pipeline < b.line.pipeline ? -1 : 1)))
    settled.push(
      cause.event === 'deleted'
        ? await settleDeleted(tx, line, object, 'was deleted', at)
        : await settleWritten(tx, line, object, as, { change: change.id, lineage: change.lineage ?? [] }, at),
    )
  const reason = settled.map((one) => one.reason).join('; ')
  const [first, ...others] = settled.flatMap(({ batch }) => batch ?? [])
  return first === undefined
    ? ({ state: 'ignored', reason } as const)
    : ({ state: 'batched', reason, batch: first, batches: [first, ...others] } as const)
}

const objectOf = ({ uri, generation, size, checksum, rows }: DataCause): DataObject => ({
  uri,
  generation,
  size,
  ...(checksum === undefined ? {} : { checksum }),
  ...(rows === undefined ? {} : { rows }),
})
