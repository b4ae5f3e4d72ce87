import type { EndpointView } from '../../domain/ports/serving.ts'
import { type ClientOptions, connect } from '../client.ts'
import { print, printJson, table } from '../table.ts'

/** `winnow endpoints` */
export const endpoints = async (options: ClientOptions & { readonly json?: boolean }): Promise<void> => {
  const client = await connect(options)
  const list = await client.get<{ endpoints: readonly (EndpointView & { target: string })[] }>('/endpoints')
  if (options.json) return printJson(list)
  if (list.endpoints.length === 0) return print('No endpoints yet.')
  const rows = list.endpoints.flatMap((endpoint) =>
    endpoint.deployed.length === 0
      ? [[endpoint.target, endpoint.displayName, 'nothing deployed', '', endpoint.name]]
      : endpoint.deployed.map((deployed) => [
          endpoint.target,
          endpoint.displayName,
          `${deployed.model.split('/').at(-1)}@${deployed.modelVersion}`,
          `${endpoint.split[deployed.id] ?? 0} %`,
          endpoint.name,
        ]),
  )
  print(table(['target', 'endpoint', 'serves', 'traffic', 'resource'], rows))
}
