import { describe, expect, it } from 'vitest'
import { compile, pipeline, string } from '../../src/pipelines/authoring/index.ts'
import {
  AutoMLTabularTrainingJobRunOp,
  EndpointCreateOp,
  ModelDeployOp,
  TabularDatasetCreateOp,
} from '../../src/pipelines/catalogue/index.ts'
import { loadSpec } from '../../src/pipelines/catalogue/load-spec.ts'

const prices = pipeline('prices', { inputs: { project: string(), data: string() } }, ({ project, data }) => {
  const dataset = TabularDatasetCreateOp({ project, display_name: 'prices', gcs_source: data })
  const training = AutoMLTabularTrainingJobRunOp({
    project,
    display_name: 'prices',
    optimization_prediction_type: 'regression',
    dataset: dataset.outputs.dataset,
    target_column: 'price',
    budget_milli_node_hours: 1000,
  })
  const endpoint = EndpointCreateOp({ project, display_name: 'prices' })
  ModelDeployOp({ model: training.outputs.model, endpoint: endpoint.outputs.endpoint })
})

describe('typed ops', () => {
  it('compile to the components and executors that Python’s SDK gives', () => {
    const { components, deploymentSpec } = compile(prices)
    const { component, executor } = loadSpec('ModelDeployOp')
    expect(components?.['comp-model-deploy']).toEqual({ ...component, executorLabel: 'exec-model-deploy' })
    expect(deploymentSpec?.executors?.['exec-model-deploy']).toEqual(executor)
  })

  it('refuse what does not fit, as types and at the call', () => {
    const build = (): unknown =>
      pipeline('wrong', {}, () => {
        const endpoint = EndpointCreateOp({ display_name: 'prices' })
        // @ts-expect-error an endpoint is no model
        ModelDeployOp({ model: endpoint.outputs.endpoint, endpoint: endpoint.outputs.endpoint })
      })
    expect(build).toThrow(/typed-ops\.test\.ts:\d+:\d+: .*model/)
    const missing = (): unknown =>
      pipeline('missing', {}, () => {
        // @ts-expect-error display_name is required
        EndpointCreateOp({})
      })
    expect(missing).toThrow(/typed-ops\.test\.ts:\d+:\d+: .*display_name/)
  })
})
