import { createHash } from 'node:crypto'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { query, type WriteDisposition } from '../bigquery/query.ts'
import { badArgument, readCommandLine, readOptions, readPayload, withoutEmpty } from './arguments.ts'
import type { ComponentCall, NativeComponent } from './component.ts'
import { noResources, tableArtifact, taskOutputs } from './outputs.ts'

const component = 'BigqueryQueryJobOp'
const known = ['type', 'project', 'location', 'payload', 'job_configuration_query_override', 'gcp_resources']
const dispositions: readonly string[] = ['WRITE_EMPTY', 'WRITE_TRUNCATE', 'WRITE_APPEND'] satisfies WriteDisposition[]

/** Fields of JobConfigurationQuery that are carried out; those of the second row change nothing on one machine. */
const fields = [
  ...['query', 'queryParameters', 'query_parameters', 'destinationTable', 'writeDisposition', 'defaultDataset'],
  ...['useLegacySql', 'parameterMode', 'createDisposition', 'priority', 'useQueryCache', 'maximumBytesBilled'],
  ...['allowLargeResults', 'flattenResults'],
]

/** Runs a query over local files in place of BigQuery's tables; its answer is a table of this machine. */
export const queryBigquery: NativeComponent = async (call, { addresses, environments }, signal) => {
  const options = readOptions(component, readCommandLine(call.args)?.options ?? {}, [...known, 'executor_input'])
  const project = options.text('project') ?? call.job.project
  const configuration = configurationOf(
    readPayload(component, options.requiredText('payload')),
    readPayload(component, options.requiredText('job_configuration_query_override')),
  )
  const text = configuration['query']
  if (typeof text !== 'string' || text.trim() === '')
    throw badArgument(component, 'query', 'is missing or empty', 'Give it a SELECT statement.')
  const dataset = configuration['defaultDataset']
  const request = {
    query: text,
    parameters: parametersOf(configuration['queryParameters'] ?? configuration['query_parameters']),
    project,
    ...(dataset === undefined ? {} : { dataset: referenceOf('defaultDataset', dataset, project, ['datasetId']) }),
    ...destinationOf(configuration, project, call),
  }
  const written = await query(request, addresses, { environments, folder: call.folder, log: call.log }, signal)
  const last = written.at(-1)
  if (last === undefined) return taskOutputs(call, {}, noResources)
  call.log(`${last.rows} rows in bq://${last.table}: ${last.file}`)
  return taskOutputs(call, { destination_table: tableArtifact(call, 'destination_table', last.table) }, noResources)
}

const configurationOf = (payload: JsonObject, override: JsonObject): JsonObject => {
  const { configuration } = payload
  const given = isJsonObject(configuration) && isJsonObject(configuration['query']) ? configuration['query'] : {}
  const merged = { ...withoutEmpty(given), ...withoutEmpty(override) }
  for (const name of Object.keys(merged)) {
    if (fields.includes(name)) continue
    const argument = name === 'destination_encryption_configuration' ? 'encryption_spec_key_name' : name
    throw badArgument(component, argument, 'is not carried out on this machine', 'Leave it out.')
  }
  if (merged['useLegacySql'] === true)
    throw badArgument(component, 'useLegacySql', 'is true', 'Write the query in standard SQL.')
  return merged
}

const parametersOf = (given: Json | undefined): readonly JsonObject[] => {
  if (given === undefined) return []
  if (Array.isArray(given) && given.every(isJsonObject)) return given
  throw badArgument(
    component,
    'query_parameters',
    'is no list of parameters',
    'Write each as {name, parameterType, parameterValue}.',
  )
}

const destinationOf = (
  configuration: JsonObject,
  project: string,
  call: ComponentCall,
): { destination: string; writeDisposition: WriteDisposition } => {
  const disposition = configuration['writeDisposition'] ?? 'WRITE_EMPTY'
  if (typeof disposition !== 'string' || !dispositions.includes(disposition))
    throw badArgument(
      component,
      'writeDisposition',
      `is ${JSON.stringify(disposition)}`,
      `Use ${dispositions.join(', ')}.`,
    )
  const table = configuration['destinationTable']
  if (table !== undefined) {
    const destination = referenceOf('destinationTable', table, project, ['datasetId', 'tableId'])
    return { destination, writeDisposition: disposition as WriteDisposition }
  }
  // A table of its own for this task, as BigQuery makes one of no name; a further try replaces it.
  const id = createHash('sha256').update(`${call.job.resourceName} ${call.task.path}`).digest('hex').slice(0, 24)
  return { destination: `${project}._anonymous.anon${id}`, writeDisposition: 'WRITE_TRUNCATE' }
}

const referenceOf = (argument: string, given: Json, project: string, parts: readonly string[]): string => {
  const reference = isJsonObject(given) ? given : {}
  const names = [reference['projectId'] ?? project, ...parts.map((part) => reference[part])]
  if (names.every((name) => typeof name === 'string' && name !== '')) return names.join('.')
  throw badArgument(component, argument, `is ${JSON.stringify(given)}`, `Give it projectId, ${parts.join(' and ')}.`)
}
