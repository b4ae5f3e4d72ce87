import { digestJson, shortDigest } from '../../domain/digest.ts'
import type { ModelVersion, RunTable } from '../../domain/evidence.ts'
import type { Json } from '../../domain/json.ts'
import type { ServingProbe } from '../../domain/ports/serving.ts'
import type { ArtifactFiles } from '../../domain/ports/target.ts'
import type { Run } from '../../domain/run.ts'
import type { Judging } from '../../judging/port.ts'
import { dataFacts } from '../../policies/data/data-facts.ts'
import type { TableProfile } from '../../policies/data/profile.ts'
import type { Facts } from '../../policies/evidence/facts.ts'
import { servingMetrics } from '../../policies/evidence/serving-facts.ts'
import { attempt, no, pathsOf, type Sought } from './read-answers.ts'

/** Enough for a 99th percentile, little enough to be over in seconds. Milliseconds. */
const load = { requests: 400, concurrency: 4, longest: 10_000 } as const
/** Rows that are asked in turn. */
const samples = 100

interface Measured {
  readonly run: Run
  readonly candidate: ModelVersion
  readonly tables: readonly RunTable[]
}

type FactsTarget = ArtifactFiles & ServingProbe

/** How the candidate serves: asked rows of the run's own tables while nobody else asks it. What cannot be measured is told as the source. */
export const measureServing = async (
  judging: Judging,
  target: FactsTarget,
  { run, candidate, tables }: Measured,
  signal: AbortSignal,
): Promise<Facts> => {
  const name = candidate.version === '' ? candidate.artifactUri : `${candidate.model}@${candidate.version}`
  const files =
    candidate.artifactUri === ''
      ? []
      : ((await target.files(`${candidate.artifactUri.replace(/\/$/, '')}/*`, signal)) ?? [])
  const size: Readonly<Record<string, number>> = files.length === 0 ? {} : { 'model.size': await judging.sizeOf(files) }
  const measured = await attempt(
    async (): Promise<Sought<{ readonly metrics: Readonly<Record<string, number>>; readonly note: string }>> => {
      if (candidate.version === '') return no('the model is in no registry')
      const instances = await sampleRows(judging, target, tables, signal)
      if (!instances.ok) return instances
      const key = `winnow-measure-${shortDigest(digestJson({ run: run.id, jobId: run.jobId, model: name }))}`
      const measurement = await target.measureServing(candidate, instances.rows, load, key, signal)
      const { asked, latencies, lasted, problem } = measurement
      const note = `${latencies.length} of ${asked} requests answered in ${(lasted / 1_000).toFixed(1)} s, ${load.concurrency} at a time${problem === null ? '' : `; ${problem}`}`
      return { ok: true, metrics: servingMetrics(measurement), note }
    },
  )
  const note = measured.ok ? measured.note : `not measured: ${measured.reason}`
  const metrics = measured.ok ? { ...size, ...measured.metrics } : size
  return { metrics, sources: [{ kind: 'serving', name, task: null, note }] }
}

/** Rows as a model takes them: without the column of the truth. */
const sampleRows = async (
  judging: Judging,
  target: FactsTarget,
  tables: readonly RunTable[],
  signal: AbortSignal,
): Promise<Sought<{ readonly rows: readonly Json[] }>> => {
  const table = tables.find(({ role }) => role === 'test') ?? tables.find(({ role }) => role === 'train')
  if (table === undefined) return no('the run left no table of examples to ask (a dataset called test or train)')
  const found = await pathsOf(target, table.uri, signal)
  if (!found.ok) return found
  const { rows } = await judging.readHead(found.paths[0], samples, signal)
  if (rows.length === 0) return no(`${table.uri} has no rows to ask`)
  return { ok: true, rows: rows.map(({ [table.label ?? 'label']: _truth, ...instance }) => instance) }
}

/** What the data was like that the candidate was made from, and against the champion's. */
export const readDataFacts = async (
  judging: Judging,
  target: FactsTarget,
  tables: readonly RunTable[],
  champion: TableProfile | null,
  signal: AbortSignal,
): Promise<Facts> => {
  const [train, test] = (['train', 'test'] as const).map((role) => tables.find((table) => table.role === role))
  const name = train?.uri ?? ''
  const found = await attempt(async (): Promise<Sought<{ readonly facts: Facts }>> => {
    if (train === undefined)
      return no('the run left no training table (a dataset called train, or with metadata winnow: train)')
    const trained = await pathsOf(target, train.uri, signal)
    if (!trained.ok) return trained
    const tested = test === undefined ? undefined : await pathsOf(target, test.uri, signal)
    const { train: read, leakedRows } = await judging.profile(trained.paths, tested?.ok ? tested.paths : [], signal)
    const beside = champion === null ? '' : ", compared with the champion's"
    const source = {
      kind: 'data',
      name,
      task: train.task,
      note: `${read.profile.rows} training rows${beside}`,
    } as const
    return { ok: true, facts: { ...dataFacts(read, leakedRows, champion), sources: [source], profile: read.profile } }
  })
  if (found.ok) return found.facts
  return { sources: [{ kind: 'data', name, task: train?.task ?? null, note: `not read: ${found.reason}` }] }
}
