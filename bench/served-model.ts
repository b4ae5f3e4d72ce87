import { join } from 'node:path'
import { writeLinearModel } from '../test/platform/linear-model.ts'
import { clientsOf, finished, parent } from '../test/platform/site.ts'
import type { Stage } from './stage.ts'

/** Uploads a small model to the stage's platform and deploys it to an endpoint, through the vendor's own clients. */
export const serveModel = async (stage: Stage, displayName: string): Promise<void> => {
  const clients = clientsOf(stage.platformPort)
  const artifactUri = await writeLinearModel(join(stage.folder, 'model'), 3)
  const { model } = await finished<{ model: string }>(
    clients.models.uploadModel({ parent, model: { displayName, artifactUri } }),
  )
  const { name: endpoint } = await finished<{ name: string }>(
    clients.endpoints.createEndpoint({ parent, endpoint: { displayName } }),
  )
  const deployedModel = { model, displayName }
  await finished(clients.endpoints.deployModel({ endpoint, deployedModel, trafficSplit: { '0': 100 } }))
  await clients.close()
}

const instances = Array.from({ length: 50 }, (_, x) => ({ x }))

/** 50 rows, predicted through the controller's API. */
export const predict = async (stage: Stage, name: string): Promise<void> => {
  const { predictions } = await stage.api<{ predictions: readonly { value: number }[] }>(`/endpoints/${name}/predict`, {
    instances,
  })
  if (predictions[7]?.value !== 21) throw new Error(`the model said ${JSON.stringify(predictions[7])}`)
}
