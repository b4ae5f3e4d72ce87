import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../domain/errors.ts'
import type { Addresses } from '../addresses.ts'
import type { Records } from '../automl/evaluate.ts'
import { badArgument, type Options } from './arguments.ts'
import { tableAddress } from './tables.ts'

/** Names that batch predictions give the files of their output folder. */
const predictionFile = /^(prediction\.results-|predictions_)/

/** The files of an output folder of batch predictions, or the table that they were written to. */
export const predictionRecords = async (
  component: string,
  options: Options,
  addresses: Addresses,
): Promise<Records> => {
  const table = options.text('batch_prediction_bigquery_source')
  if (table !== undefined) return { files: await addresses.files(table), format: 'table' }
  const folder = options.text('batch_prediction_gcs_source')
  if (folder === undefined)
    throw badArgument(
      component,
      'predictions_gcs_source',
      'is missing',
      'Give it gcs_output_directory of a batch prediction.',
    )
  const path = addresses.resolve(folder)
  const names = await readdir(path).catch(() => [])
  const files = names.filter((name) => predictionFile.test(name)).sort()
  if (files.length > 0)
    return {
      files: files.map((name) => join(path, name)),
      format: formatOf(component, options, 'batch_prediction_format'),
    }
  throw new Fault('artifact_missing', `${component}: there are no predictions in ${path}`, {
    remedy:
      'Give predictions_gcs_source the gcs_output_directory of a batch prediction: its files are prediction.results-*.',
  })
}

/** The records of a list of file addresses or of a table; undefined where neither is given. */
export const givenRecords = async (
  component: string,
  options: Options,
  names: { readonly files: string; readonly table: string; readonly format: string },
  addresses: Addresses,
): Promise<Records | undefined> => {
  const table = options.text(names.table)
  const uris = options.texts(names.files) ?? []
  if (table !== undefined && uris.length > 0)
    throw badArgument(component, names.table, `stands beside ${names.files}`, 'Give one of the two.')
  if (table !== undefined) return { files: await addresses.files(tableAddress(table)), format: 'table' }
  if (uris.length === 0) return undefined
  const files = (await Promise.all(uris.map((uri) => addresses.files(uri)))).flat()
  return { files, format: formatOf(component, options, names.format) }
}

const formatOf = (component: string, options: Options, name: string): 'jsonl' | 'csv' => {
  const format = options.text(name) ?? 'jsonl'
  if (format === 'jsonl' || format === 'csv') return format
  throw badArgument(component, name, `is ${format}, which is not read here`, 'Use jsonl or csv, or a table.')
}
