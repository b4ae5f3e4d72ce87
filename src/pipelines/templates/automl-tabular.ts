import { templates } from '../../domain/templates.ts'
import { If, oneOf } from '../authoring/branches.ts'
import { eq, ne } from '../authoring/conditions.ts'
import { pipeline } from '../authoring/pipeline.ts'
import { job, text } from '../authoring/text.ts'
import type { Artifact, References } from '../authoring/types.ts'
import { AutoMLTabularTrainingJobRunOp } from '../catalogue/automl.ts'
import { ModelBatchPredictOp } from '../catalogue/batch-predict.ts'
import { TabularDatasetCreateOp } from '../catalogue/dataset.ts'
import {
  ModelEvaluationClassificationOp,
  ModelEvaluationRegressionOp,
  ModelImportEvaluationOp,
  TargetFieldDataRemoverOp,
} from '../catalogue/model-evaluation.ts'
import { type InputsOf, inputsOf } from './template-inputs.ts'

type Given = References<InputsOf<(typeof templates)['automl-tabular-regression']>>

const { project, location } = job
const place = { project, location }

/** The table that is named in either of two ways becomes one data set. */
const makeDataset = ({ gcs_source, bq_source, display_name }: Given) =>
  oneOf(
    If(ne(bq_source, ''), () => TabularDatasetCreateOp({ ...place, display_name, bq_source }).outputs.dataset, {
      name: 'from-a-table',
    }).Else(() => TabularDatasetCreateOp({ ...place, display_name, gcs_source: text`${gcs_source}` }).outputs.dataset, {
      name: 'from-files',
    }),
  )

/** Trains on a part of the rows, chooses on another, and evaluates on the rest: the model's own evaluation. */
const train = (given: Given, predictionType: 'classification' | 'regression') =>
  AutoMLTabularTrainingJobRunOp({
    ...place,
    display_name: given.display_name,
    model_display_name: given.display_name,
    dataset: makeDataset(given),
    target_column: given.target_column,
    optimization_prediction_type: predictionType,
    optimization_objective: given.optimization_objective,
    budget_milli_node_hours: given.budget_milli_node_hours,
    training_fraction_split: given.training_fraction_split,
    validation_fraction_split: given.validation_fraction_split,
    test_fraction_split: given.test_fraction_split,
    column_specs: given.column_specs,
    weight_column: given.weight_column,
  }).outputs.model

type Model = Artifact<'google.VertexModel'>

const predict = (given: Given, model: Model, sources: Given['batch_predict_source'], folder: string) =>
  ModelBatchPredictOp({
    ...place,
    job_display_name: given.display_name,
    model,
    instances_format: 'csv',
    gcs_source_uris: sources,
    predictions_format: 'jsonl',
    gcs_destination_output_uri_prefix: `${job.root}/${folder}`,
  }).outputs.gcs_output_directory

/** Rows that training never saw, judged without sight of their target, and the metrics kept with the model. */
const evaluate = (given: Given, model: Model, predictionType: 'classification' | 'regression'): void => {
  const { target_column, evaluation_source } = given
  const bare = TargetFieldDataRemoverOp({
    ...place,
    gcs_source_uris: evaluation_source,
    instances_format: 'csv',
    target_field_name: target_column,
  }).outputs.gcs_output_directory
  const judged = {
    ...place,
    target_field_name: target_column,
    model,
    predictions_format: 'jsonl',
    predictions_gcs_source: predict(given, model, bare, 'evaluated'),
    ground_truth_format: 'csv',
    ground_truth_gcs_source: evaluation_source,
  }
  const display_name = 'evaluation rows'
  if (predictionType === 'classification') {
    const { evaluation_metrics } = ModelEvaluationClassificationOp(judged).outputs
    ModelImportEvaluationOp({ model, classification_metrics: evaluation_metrics, display_name })
  } else {
    const { evaluation_metrics } = ModelEvaluationRegressionOp(judged).outputs
    ModelImportEvaluationOp({ model, regression_metrics: evaluation_metrics, display_name })
  }
}

const automlTabular = (predictionType: 'classification' | 'regression') => {
  const name = `automl-tabular-${predictionType}` as const
  return pipeline(
    name,
    {
      description: `A table to a model for ${predictionType}, trained by AutoML and evaluated, with predictions for other rows where asked for.`,
      inputs: inputsOf(templates[name]),
    },
    (given) => {
      const model = train(given, predictionType)
      If(eq(given.run_evaluation, true), () => evaluate(given, model, predictionType), { name: 'evaluation' })
      If(
        eq(given.run_batch_predict, true),
        () => void predict(given, model, given.batch_predict_source, 'predictions'),
        { name: 'batch-prediction' },
      )
      return { model }
    },
  )
}

export const automlTabularClassification = automlTabular('classification')
export const automlTabularRegression = automlTabular('regression')
