import type { ModelVersion } from '../../domain/evidence.ts'
import { type ClientOptions, connect } from '../client.ts'
import { print, printJson, table } from '../table.ts'

/** `winnow models` */
export const models = async (options: ClientOptions & { readonly json?: boolean }): Promise<void> => {
  const client = await connect(options)
  const list = await client.get<{ models: readonly (ModelVersion & { target: string })[] }>('/models')
  if (options.json) return printJson(list)
  if (list.models.length === 0) return print('No models yet.')
  const rows = list.models.map((model) => [
    model.target,
    model.displayName,
    model.version,
    model.aliases.join(', '),
    model.digest?.slice(0, 19) ?? '',
    model.model,
  ])
  print(table(['target', 'model', 'version', 'aliases', 'digest', 'resource'], rows))
}
