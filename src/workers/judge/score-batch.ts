import { setTimeout as delay } from 'node:timers/promises'
import { digestJson, shortDigest } from '../../domain/digest.ts'
import { Fault } from '../../domain/errors.ts'
import type { ModelVersion } from '../../domain/evidence.ts'
import type { ModelScorer } from '../../domain/ports/models.ts'
import type { Run } from '../../domain/run.ts'

/** Rows whose answers a model is asked for. */
export interface ExampleTable {
  readonly uri: string
  readonly format: 'csv' | 'jsonl'
  readonly label: string
}

const shortestPause = 100
const longestPause = 2_000
/** A batch that takes longer is asked about again later, so that other runs have their turn. */
const patience = 60_000

export type Scored =
  | { readonly ok: true; readonly name: string; readonly uri: string }
  | { readonly ok: false; readonly reason: string }

/**
 * A model's answers to the rows, from a batch that belongs to the run: a crash in between finds it again by its name.
 * Fault `target_unavailable`, to be tried again, while it is still under way.
 */
export const scoreBatch = async (
  target: ModelScorer,
  run: Run,
  model: ModelVersion,
  { uri, format, label }: ExampleTable,
  signal: AbortSignal,
): Promise<Scored> => {
  if (model.version === '') return { ok: false, reason: 'it is in no registry, so nothing can be asked of it' }
  const of = { run: run.id, jobId: run.jobId, model: `${model.model}@${model.version}`, uri }
  const request = { key: `winnow-score-${shortDigest(digestJson(of))}`, model, uri, format, without: [label] }
  let waited = 0
  for (let pause = shortestPause; ; pause = Math.min(2 * pause, longestPause)) {
    const scoring = await target.score(request, signal)
    if (scoring.state === 'done') return { ok: true, name: scoring.name, uri: scoring.uri }
    if (scoring.state === 'failed') return { ok: false, reason: `${scoring.name} failed: ${scoring.reason}` }
    if (waited >= patience)
      throw new Fault('target_unavailable', `the batch prediction ${scoring.name} is still under way`, {
        retryable: true,
        remedy: 'Winnow looks again by itself',
      })
    waited += pause
    await delay(pause, undefined, { signal })
  }
}
