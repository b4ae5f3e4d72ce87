import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../domain/errors.ts'
import { isJsonObject, type JsonObject } from '../../domain/json.ts'
import { readInstances } from '../instance-files.ts'
import { cell } from '../prediction-files.ts'
import { badArgument, type Options, readCommandLine, readOptions } from './arguments.ts'
import type { ComponentCall, ComponentPlatform, NativeComponent } from './component.ts'
import { noResources, taskOutputs } from './outputs.ts'
import { givenRecords } from './records.ts'

const common = [
  ...['task', 'display_name', 'project_id', 'location', 'root_dir', 'gcp_resources', 'executor_input'],
  ...['gcs_source_uris', 'bigquery_source_uri', 'instances_format', 'force_runner_mode'],
  ...['dataflow_job_prefix', 'dataflow_service_account', 'dataflow_subnetwork', 'dataflow_use_public_ips'],
  ...['gcs_directory_for_gcs_output_uris', 'gcs_directory_for_bigquery_output_table_uri'],
]
const refused = {
  kms_key_name: 'is not carried out: nothing is encrypted on this machine',
  bigquery_source_uri: 'is not read here: a table would have to be written, too',
}

interface Source {
  readonly instances: readonly JsonObject[]
  readonly format: 'jsonl' | 'csv'
}

/** Takes the target out of every instance, so that a model can be asked for it; `a.b` names a member of a member. */
export const removeTarget: NativeComponent = async (call, { addresses }) => {
  const component = 'TargetFieldDataRemoverOp'
  const options = open(component, call, ['target_field_name'])
  const source = await readSource(component, options, addresses)
  const path = (options.text('target_field_name') ?? 'ground_truth').split('.')
  const instances = source.instances.map((instance) => without(instance, path))
  return write(component, call, addresses, { ...source, instances })
}

/** A sample of the instances, the same for the same data: those whose digests are smallest, in their order. */
export const sampleInstances: NativeComponent = async (call, { addresses }) => {
  const component = 'EvaluationDataSamplerOp'
  const options = open(component, call, ['sample_size'])
  const size = options.number('sample_size') ?? 10_000
  if (!Number.isInteger(size) || size < 1)
    throw badArgument(component, 'sample_size', `is ${size}`, 'Give it a whole number from 1.')
  const source = await readSource(component, options, addresses)
  const drawn = source.instances
    .map((instance, row) => ({
      row,
      draw: createHash('sha256')
        .update(`${row}${JSON.stringify(instance)}`)
        .digest('hex'),
    }))
    .sort((a, b) => (a.draw < b.draw ? -1 : 1))
    .slice(0, size)
    .map(({ row }) => row)
    .sort((a, b) => a - b)
  const instances = drawn.map((row) => source.instances[row] as JsonObject)
  return write(component, call, addresses, { ...source, instances })
}

const open = (component: string, call: ComponentCall, own: readonly string[]): Options =>
  readOptions(component, readCommandLine(call.args)?.options ?? {}, [...common, ...own], refused)

const readSource = async (
  component: string,
  options: Options,
  addresses: ComponentPlatform['addresses'],
): Promise<Source> => {
  const names = { files: 'gcs_source_uris', table: 'bigquery_source_uri', format: 'instances_format' }
  const records = await givenRecords(component, options, names, addresses)
  if (records === undefined || records.format === 'table')
    throw badArgument(component, 'gcs_source_uris', 'is missing or empty', 'Give it files of instances.')
  const { files, format } = records
  const instances: JsonObject[] = []
  for (const file of files)
    for await (const read of readInstances(file, format)) {
      const problem = read.problem ?? (isJsonObject(read.instance) ? undefined : 'the line is no JSON object')
      if (problem !== undefined)
        throw new Fault('evaluation_failed', `${component}: ${file}:${read.line}: ${problem}`, {
          remedy: 'Correct that line.',
        })
      instances.push((read as { instance: JsonObject }).instance)
    }
  return { instances, format }
}

const without = (instance: JsonObject, [name = '', ...rest]: readonly string[]): JsonObject => {
  const { [name]: member, ...others } = instance
  return rest.length > 0 && isJsonObject(member) ? { ...instance, [name]: without(member, rest) } : others
}

const write = async (
  component: string,
  call: ComponentCall,
  addresses: ComponentPlatform['addresses'],
  { instances, format }: Source,
) => {
  const root = readCommandLine(call.args)?.options['root_dir'] ?? call.folder
  const folder = addresses.resolve(root)
  const file = join(folder, `instances.${format}`)
  await mkdir(folder, { recursive: true })
  const lines = format === 'jsonl' ? instances.map((instance) => JSON.stringify(instance)) : csvLines(instances)
  await writeFile(file, lines.map((line) => `${line}\n`).join(''))
  call.log(`${component}: ${instances.length} instances: ${file}`)
  const parameters = { gcs_output_directory: [addresses.uriOf(file)], bigquery_output_table: '' }
  return taskOutputs(call, {}, { ...parameters, ...noResources })
}

const csvLines = (instances: readonly JsonObject[]): readonly string[] => {
  const names = Object.keys(instances[0] ?? {})
  return [names, ...instances.map((instance) => names.map((name) => instance[name]))].map((cells) =>
    cells.map(cell).join(','),
  )
}
