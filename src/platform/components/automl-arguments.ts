import { isJsonObject, type Json } from '../../domain/json.ts'
import type { FeatureType, Split, TrainingRequest } from '../automl/training.ts'
import { badArgument, type Options, readOptions } from './arguments.ts'

export const component = 'AutoMLTabularTrainingJobRunOp'

const carriedOut = [
  ...['cls_name', 'method_name', 'executor_input', 'resource_name_output_artifact_uri'],
  ...['project', 'location', 'display_name', 'labels', 'optimization_prediction_type'].map((name) => `init.${name}`),
  ...['optimization_objective', 'optimization_objective_recall_value'].map((name) => `init.${name}`),
  ...['optimization_objective_precision_value', 'column_specs', 'column_transformations'].map((name) => `init.${name}`),
  ...['dataset', 'target_column', 'weight_column', 'budget_milli_node_hours'].map((name) => `method.${name}`),
  ...['training_fraction_split', 'validation_fraction_split', 'test_fraction_split'].map((name) => `method.${name}`),
  ...['predefined_split_column_name', 'timestamp_split_column_name'].map((name) => `method.${name}`),
  ...['model_display_name', 'model_labels', 'model_id', 'parent_model'].map((name) => `method.${name}`),
  ...['is_default_version', 'model_version_aliases', 'model_version_description'].map((name) => `method.${name}`),
  ...['disable_early_stopping', 'export_evaluated_data_items'].map((name) => `method.${name}`),
  'method.export_evaluated_data_items_bigquery_destination_uri',
  'method.export_evaluated_data_items_override_destination',
]
const unencrypted = 'is not carried out: nothing is encrypted on this machine'
const refused = {
  'init.training_encryption_spec_key_name': unencrypted,
  'init.model_encryption_spec_key_name': unencrypted,
}

/** Vertex AI's limits and default of budget_milli_node_hours. */
const [smallestBudget, largestBudget, defaultBudget] = [1_000, 72_000, 1_000]

export const readAutoMlOptions = (given: Readonly<Record<string, string>>): Options =>
  readOptions(component, given, carriedOut, refused)

/** What of a training request the component's own arguments decide. */
export type TrainingArguments = Omit<TrainingRequest, 'files' | 'seed' | 'modelFolder' | 'evaluationFolder'>

/** Fault `component_unsupported` names the argument that is wrong, or that this machine cannot honour. */
export const readTrainingArguments = (options: Options): TrainingArguments => {
  const predictionType = options.requiredText('init.optimization_prediction_type')
  if (predictionType !== 'classification' && predictionType !== 'regression')
    throw bad('optimization_prediction_type', `is ${predictionType}`, 'Use classification or regression.')
  const budget = options.number('method.budget_milli_node_hours') ?? defaultBudget
  if (budget < smallestBudget || budget > largestBudget)
    throw bad('budget_milli_node_hours', `is ${budget}`, `Give it from ${smallestBudget} to ${largestBudget}.`)
  const objective = options.text('init.optimization_objective')
  const recallValue = options.number('init.optimization_objective_recall_value')
  const precisionValue = options.number('init.optimization_objective_precision_value')
  const weightColumn = options.text('method.weight_column')
  const columns = columnsOf(options)
  return {
    target: options.requiredText('method.target_column'),
    predictionType,
    budgetMilliNodeHours: budget,
    split: splitOf(options),
    earlyStopping: !(options.flag('method.disable_early_stopping') ?? false),
    ...(objective === undefined ? {} : { objective }),
    ...(recallValue === undefined ? {} : { recallValue }),
    ...(precisionValue === undefined ? {} : { precisionValue }),
    ...(weightColumn === undefined ? {} : { weightColumn }),
    ...(columns === undefined ? {} : { columns }),
  }
}

const bad = (name: string, why: string, remedy: string) => badArgument(component, name, why, remedy)

const splitOf = (options: Options): Split => {
  const fractions: { training?: number; validation?: number; test?: number } = {}
  for (const part of ['training', 'validation', 'test'] as const) {
    const value = options.number(`method.${part}_fraction_split`)
    if (value !== undefined) fractions[part] = value
  }
  const sum = Object.values(fractions).reduce((total, value) => total + value, 0)
  if (sum > 1 + 1e-9 || Object.values(fractions).some((value) => value < 0))
    throw bad(
      'training_fraction_split',
      `and the other fractions sum to ${sum}, or one is negative`,
      'Make them sum to 1.',
    )
  const predefined = options.text('method.predefined_split_column_name')
  const timestamp = options.text('method.timestamp_split_column_name')
  if (predefined !== undefined) {
    if (timestamp !== undefined || Object.keys(fractions).length > 0)
      throw bad('predefined_split_column_name', 'stands beside another split', 'Give one kind of split.')
    return { kind: 'predefined', column: predefined }
  }
  if (timestamp === undefined) return { kind: 'fraction', ...fractions }
  const { training, validation, test } = fractions
  if (training === undefined || validation === undefined || test === undefined)
    throw bad('timestamp_split_column_name', 'needs all three fraction splits', 'Give them beside it.')
  return { kind: 'timestamp', column: timestamp, training, validation, test }
}

const columnsOf = (options: Options): Readonly<Record<string, FeatureType>> | undefined => {
  const specs = options.object('init.column_specs')
  const transformations = options.list('init.column_transformations')
  if (specs !== undefined && transformations !== undefined)
    throw bad('column_specs', 'stands beside column_transformations', 'Give one of the two.')
  if (specs !== undefined)
    return Object.fromEntries(
      Object.entries(specs).map(([column, type]) => [column, featureType('column_specs', column, type)]),
    )
  if (transformations === undefined) return undefined
  return Object.fromEntries(transformations.map(transformationOf))
}

/** `{"numeric": {"column_name": "Area"}}` */
const transformationOf = (transformation: Json): readonly [string, FeatureType] => {
  const entries = isJsonObject(transformation) ? Object.entries(transformation) : []
  const [type, settings] = entries[0] ?? []
  const column = isJsonObject(settings) ? (settings['column_name'] ?? settings['columnName']) : undefined
  if (entries.length !== 1 || type === undefined || !isJsonObject(settings) || typeof column !== 'string')
    throw bad(
      'column_transformations',
      `holds ${JSON.stringify(transformation)}`,
      'Write each as {"numeric": {"column_name": NAME}}.',
    )
  const more = Object.keys(settings).filter((name) => name !== 'column_name' && name !== 'columnName')
  if (more.length > 0)
    throw bad(
      'column_transformations',
      `asks for ${more.join(', ')} of ${column}, which is not carried out here`,
      'Leave it out.',
    )
  return [column, featureType('column_transformations', column, type)]
}

const featureType = (argument: string, column: string, type: Json | undefined): FeatureType => {
  if (type === 'auto' || type === 'numeric' || type === 'categorical') return type
  const why = `asks for the transformation ${JSON.stringify(type)} of ${column}, which is not carried out here`
  throw bad(argument, why, 'Use auto, numeric or categorical, or leave the column out.')
}
