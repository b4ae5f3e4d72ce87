import type { Json } from './json.ts'

type TemplateParameterType = 'STRING' | 'NUMBER_INTEGER' | 'NUMBER_DOUBLE' | 'BOOLEAN' | 'LIST' | 'STRUCT'

/** A parameter of a template's pipeline. Without a default it is required, unless it is optional. */
export interface TemplateParameter {
  readonly type: TemplateParameterType
  readonly description: string
  readonly default?: Json
  readonly optional?: boolean
  /** The only texts that are taken. */
  readonly oneOf?: readonly string[]
}

export type TemplateParameters = Readonly<Record<string, TemplateParameter>>

const tabular = {
  target_column: { type: 'STRING', description: 'The column that is predicted.' },
  gcs_source: { type: 'LIST', default: [], description: 'Addresses of CSV files with a header; or bq_source.' },
  bq_source: { type: 'STRING', default: '', description: 'bq://project.dataset.table; or gcs_source.' },
  budget_milli_node_hours: {
    type: 'NUMBER_INTEGER',
    default: 1000,
    description: 'The most that training may take, in thousandths of a node hour.',
  },
  training_fraction_split: { type: 'NUMBER_DOUBLE', default: 0.8, description: 'Share of the rows to train on.' },
  validation_fraction_split: { type: 'NUMBER_DOUBLE', default: 0.1, description: 'Share of the rows to choose by.' },
  test_fraction_split: { type: 'NUMBER_DOUBLE', default: 0.1, description: 'Share of the rows to evaluate on.' },
  column_specs: {
    type: 'STRUCT',
    optional: true,
    description: 'Column to its kind (auto, numeric, categorical); without it all columns, by what they hold.',
  },
  weight_column: { type: 'STRING', optional: true, description: 'The column that says how much a row counts.' },
  run_evaluation: {
    type: 'BOOLEAN',
    default: false,
    description: 'Evaluate on evaluation_source, too: training evaluates on its own test rows anyway.',
  },
  evaluation_source: { type: 'LIST', default: [], description: 'Addresses of CSV files with the target in them.' },
  run_batch_predict: { type: 'BOOLEAN', default: false, description: 'Predict batch_predict_source with the model.' },
  batch_predict_source: { type: 'LIST', default: [], description: 'Addresses of CSV files without the target.' },
} as const satisfies TemplateParameters

/** The pipelines that come with Winnow, by the name that `template:` says, and what each can be given. */
export const templates = {
  'automl-tabular-classification': {
    ...tabular,
    display_name: { type: 'STRING', default: 'automl-tabular-classification', description: "The model's name." },
    optimization_objective: {
      type: 'STRING',
      default: 'minimize-log-loss',
      oneOf: ['maximize-au-roc', 'minimize-log-loss', 'maximize-au-prc'],
      description: 'What training makes as good as it can.',
    },
  },
  'automl-tabular-regression': {
    ...tabular,
    display_name: { type: 'STRING', default: 'automl-tabular-regression', description: "The model's name." },
    optimization_objective: {
      type: 'STRING',
      default: 'minimize-rmse',
      oneOf: ['minimize-rmse', 'minimize-mae', 'minimize-rmsle'],
      description: 'What training makes as good as it can.',
    },
  },
} as const satisfies Readonly<Record<string, TemplateParameters>>

export type TemplateName = keyof typeof templates
export const templateNames = Object.keys(templates) as readonly TemplateName[]
