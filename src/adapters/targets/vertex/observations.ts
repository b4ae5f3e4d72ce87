import type { google } from '@google-cloud/aiplatform/build/protos/protos.js'
import type { ModelVersion, Observation } from '../../../domain/evidence.ts'
import { isJsonObject, type Json, type JsonObject } from '../../../domain/json.ts'
import type { TaskView } from '../../../domain/run.ts'
import { type Call, isNotFound } from './calls.ts'
import type { Clients } from './clients.ts'
import { tfxObservations } from './tfx-observations.ts'
import { fromValue } from './values.ts'

const objectOf = (value: Json): JsonObject => (isJsonObject(value) ? value : {})

/** Reads what a run left about its quality: the candidate's evaluations with their slices, and metrics artifacts. */
export const createObservations =
  (clients: Clients, call: Call) =>
  async (
    tasks: readonly TaskView[],
    candidate: ModelVersion | undefined,
    signal: AbortSignal,
  ): Promise<readonly Observation[]> => {
    const evaluations =
      candidate === undefined || candidate.version === '' ? [] : await evaluationsOf(clients, call, candidate, signal)
    return [...evaluations, ...artifactsOf(tasks), ...tasks.flatMap(tfxObservations)]
  }

const artifactsOf = (tasks: readonly TaskView[]): readonly Observation[] =>
  tasks.flatMap((task) =>
    task.artifacts.flatMap((artifact): Observation[] => {
      const kind = artifact.schemaTitle
      if (kind !== 'system.Metrics' && kind !== 'system.ClassificationMetrics') return []
      return [{ source: { kind, name: artifact.uri, task: task.name }, slice: null, metrics: artifact.metadata }]
    }),
  )

const evaluationsOf = async (
  clients: Clients,
  call: Call,
  candidate: ModelVersion,
  signal: AbortSignal,
): Promise<readonly Observation[]> => {
  const client = await clients.models()
  const parent = `${candidate.model}@${candidate.version}`
  let evaluations: google.cloud.aiplatform.v1.IModelEvaluation[]
  try {
    evaluations = await call({ method: 'ListModelEvaluations', resource: parent, kind: 'read' }, signal, (options) =>
      client.listModelEvaluations({ parent }, options),
    )
  } catch (error) {
    if (isNotFound(error)) return []
    throw error
  }
  const observed: Observation[] = []
  for (const evaluation of evaluations) {
    const name = evaluation.name ?? ''
    const source = { kind: 'ModelEvaluation', name, task: null } as const
    observed.push({ source, slice: null, metrics: objectOf(fromValue(evaluation.metrics)) })
    const slices = await call(
      { method: 'ListModelEvaluationSlices', resource: name, kind: 'read' },
      signal,
      (options) => client.listModelEvaluationSlices({ parent: name }, options),
    )
    for (const { name: sliceName, slice, metrics } of slices)
      observed.push({
        source: { ...source, name: sliceName ?? name },
        slice: { dimension: slice?.dimension ?? '', value: slice?.value ?? '' },
        metrics: objectOf(fromValue(metrics)),
      })
  }
  return observed
}
