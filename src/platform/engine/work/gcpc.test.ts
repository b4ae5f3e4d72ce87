import { describe, expect, it } from 'vitest'
import type { PipelineSpec } from '../../../pipelines/ir.ts'
import { gcpcRequirements, parseGcpc } from './gcpc.ts'
import { requireRunnable } from './runnable.ts'

const root = 'google_cloud_pipeline_components.container'
const image = 'gcr.io/ml-pipeline/google-cloud-pipeline-components:2.19.0'
const container = (module: string, args: readonly string[] = []) => ({
  image,
  command: ['python3', '-u', '-m', `${root}.${module}`],
  args,
})
const needs = (module: string, args: readonly string[] = []) => parseGcpc(container(module, args))?.needs
const method = (name: string) => {
  const [className = '', methodName = ''] = name.split('.')
  return ['--cls_name', className, '--method_name', methodName]
}

describe("a launcher of Google's pipeline components", () => {
  it('is known by its module, with the version of its image', () => {
    const launcher = parseGcpc(container('v1.endpoint.create_endpoint.launcher'))
    expect(launcher).toEqual({
      module: `${root}.v1.endpoint.create_endpoint.launcher`,
      version: '2.19.0',
      needs: undefined,
    })
    expect(launcher && gcpcRequirements(launcher)).toContain('google-cloud-pipeline-components==2.19.0')
    const pinned = parseGcpc({
      ...container('v1.model.get_model.launcher'),
      image: 'mirror.example.org/gcpc@sha256:ab',
    })
    expect(pinned?.version).toBe('2.22.0')
  })

  it.each([
    ['python3', '-m', 'train'],
    ['python3', '-m', 'google_cloud_pipeline_components_of_mine.container.v1.x'],
    ['sh', '-c', `python3 -m ${root}.v1.model.get_model.launcher`],
    ['python3', `${root}.v1.model.get_model.launcher`],
    ['python3', '-m'],
  ])('is not %s %s %s', (...command) => expect(parseGcpc({ image, command, args: [] })).toBeUndefined())

  it.each([
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
  ])('%s needs nothing but the platform', (module) => expect(needs(module)).toBeUndefined())

  it.each([
    ['v1.bigquery.query_job.launcher', 'BigQuery'],
    ['v1.bigquery.ml_weights.launcher', 'BigQuery'],
    ['v1.dataflow.dataflow_launcher', 'Dataflow'],
    ['preview.dataflow.flex_template.launcher', 'Dataflow'],
    ['v1.wait_gcp_resources.launcher', 'Dataflow'],
    ['v1.dataproc.create_spark_sql_batch.launcher', 'Dataproc'],
    ['v1.hyperparameter_tuning_job.launcher', 'hyperparameter tuning'],
    ['v1.automl_training_job.image.launcher', 'AutoML for images'],
    ['v1.infra_validation_job.launcher', 'prediction server'],
    ['v1.vertex_notification_email.executor', 'mail'],
    ['_implementation.model_evaluation.import_evaluated_annotation', 'annotations'],
    ['_implementation.llm.templated_custom_job.launcher', 'language models'],
    ['v2.teleport.launcher', 'not known here'],
  ])('%s needs %s', (module, service) => expect(needs(module)).toContain(service))

  it.each([
    ['TabularDataset.create', undefined],
    ['TabularDataset.export_data', undefined],
    ['TimeSeriesDataset.create', undefined],
    ['ImageDataset.import_data', 'images'],
    ['AutoMLVideoTrainingJob.run', 'videos'],
    ['AutoMLForecastingTrainingJob.run', 'forecasting'],
    ['Featurestore.create', 'Featurestore.create'],
  ])("the SDK's %s needs %s", (name, service) => {
    const found = needs('v1.aiplatform.remote_runner', method(name))
    if (service === undefined) expect(found).toBeUndefined()
    else expect(found).toContain(service)
  })

  it('is refused by the name of its task before anything runs', () => {
    const spec = {
      root: { dag: { tasks: { mail: { componentRef: { name: 'comp' }, taskInfo: { name: 'tell-them' } } } } },
      components: { comp: { executorLabel: 'exec' } },
      deploymentSpec: { executors: { exec: { container: container('v1.vertex_notification_email.executor') } } },
    } as unknown as PipelineSpec
    const options = { findNative: () => undefined, containers: 'host' as const }
    expect(() => requireRunnable(spec, options)).toThrow(
      expect.objectContaining({
        code: 'component_unsupported',
        message: expect.stringMatching(/task tell-them needs .*mail service \(google_cloud.*vertex_notification_email/),
        remedy: expect.stringContaining('Vertex AI'),
      }),
    )
  })
})
