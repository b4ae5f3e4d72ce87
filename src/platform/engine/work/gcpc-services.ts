/** Launchers (below `google_cloud_pipeline_components.container.`) for which the platform's API is enough. */
const served = new Set([
  'v1.endpoint.create_endpoint.launcher',
  'v1.endpoint.delete_endpoint.launcher',
  'v1.endpoint.deploy_model.launcher',
  'v1.endpoint.undeploy_model.launcher',
  'v1.model.delete_model.launcher',
  'v1.model.export_model.launcher',
  'v1.model.get_model.launcher',
  'v1.model.upload_model.launcher',
  'v1.batch_prediction_job.launcher',
  'v1.custom_job.launcher',
  'preview.custom_job.launcher',
  '_implementation.model.get_model.get_model',
  '_implementation.model_evaluation.import_model_evaluation',
])

/** What other launchers call, by how their modules' names begin. */
const services: readonly (readonly [prefix: string, service: string])[] = [
  ['v1.bigquery.', 'BigQuery'],
  ['v1.dataflow.', 'Dataflow'],
  ['preview.dataflow.', 'Dataflow'],
  ['v1.wait_gcp_resources.', 'Dataflow'],
  ['v1.dataproc.', 'Dataproc'],
  ['v1.hyperparameter_tuning_job.', "Vertex AI's hyperparameter tuning"],
  ['v1.automl_training_job.image.', "Vertex AI's AutoML for images"],
  ['v1.infra_validation_job.', 'the image of a prediction server'],
  ['v1.vertex_notification_email.', "Vertex AI Pipelines' mail service"],
  ['_implementation.model_evaluation.import_evaluated_annotation', "Vertex AI's annotations"],
  ['_implementation.llm.', "the images of Vertex AI's language models"],
]

/** Methods of the SDK's classes that `v1.aiplatform.remote_runner` may call. */
const servedMethods = new Set(['TabularDataset.create', 'TabularDataset.export_data', 'TimeSeriesDataset.create'])
const classes: readonly (readonly [pattern: RegExp, service: string])[] = [
  [/^AutoMLTabularTrainingJob\./, "Vertex AI's AutoML (only the prebuilt component as it is compiled is done here)"],
  [/^(AutoML)?(Image|Text|Video)/, "Vertex AI's AutoML for images, texts and videos"],
  [/^(AutoMLForecasting|TimeSeries)/, "Vertex AI's forecasting"],
]

/** What a launcher needs that this machine has not; undefined where it needs nothing but the platform's API. */
export const missingService = (launcher: string, method: string): string | undefined => {
  if (launcher === 'v1.aiplatform.remote_runner') {
    if (servedMethods.has(method)) return undefined
    return classes.find(([pattern]) => pattern.test(method))?.[1] ?? `${method} of Vertex AI's SDK`
  }
  if (served.has(launcher)) return undefined
  return (
    services.find(([prefix]) => launcher.startsWith(prefix))?.[1] ?? 'a service of Google Cloud that is not known here'
  )
}
