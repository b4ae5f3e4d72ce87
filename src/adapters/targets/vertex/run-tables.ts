import type { ModelVersion, RunTable } from '../../../domain/evidence.ts'
import { isJsonObject, type Json } from '../../../domain/json.ts'
import type { ModelRegistry } from '../../../domain/ports/models.ts'
import { tablesOf } from '../../../domain/run-tables.ts'
import { type Call, isNotFound } from './calls.ts'
import type { Clients } from './clients.ts'
import { fromValue } from './values.ts'

/** The tables of a run's artifacts, and those that the metadata of the candidate's evaluation names (as local AutoML's does). */
export const createRunTables =
  (clients: Clients, call: Call): ModelRegistry['tables'] =>
  async (tasks, candidate, signal) => [
    ...tablesOf(tasks),
    ...(candidate === undefined || candidate.version === ''
      ? []
      : await evaluationTables(clients, call, candidate, signal)),
  ]

const members = [
  ['predictions', 'testPredictionsUri'],
  ['test', 'testDataUri'],
  ['train', 'trainingDataUri'],
] as const

const evaluationTables = async (
  clients: Clients,
  call: Call,
  { model, version }: ModelVersion,
  signal: AbortSignal,
): Promise<readonly RunTable[]> => {
  const client = await clients.models()
  const parent = `${model}@${version}`
  try {
    const evaluations = await call(
      { method: 'ListModelEvaluations', resource: parent, kind: 'read' },
      signal,
      (options) => client.listModelEvaluations({ parent }, options),
    )
    return evaluations.flatMap(({ metadata }) => tablesIn(fromValue(metadata)))
  } catch (error) {
    if (isNotFound(error)) return []
    throw error
  }
}

const tablesIn = (metadata: Json): readonly RunTable[] => {
  if (!isJsonObject(metadata)) return []
  const label = metadata['targetColumn']
  return members.flatMap(([role, member]): RunTable[] => {
    const uri = metadata[member]
    if (typeof uri !== 'string' || uri === '') return []
    return [{ role, uri, label: typeof label === 'string' ? label : null, task: null, declared: false }]
  })
}
