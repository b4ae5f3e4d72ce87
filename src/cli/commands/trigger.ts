import { Fault, messageOf } from '../../domain/errors.ts'
import { isJsonObject, type JsonObject } from '../../domain/json.ts'
import { type ClientOptions, connect } from '../client.ts'
import { print, printJson } from '../table.ts'

interface Options extends ClientOptions {
  readonly repository?: string
  readonly parameters?: string
  readonly branch?: string
  readonly commit?: string
  readonly fresh?: boolean
  readonly json?: boolean
}

/** `winnow trigger PIPELINE` */
export const trigger = async (pipeline: string, options: Options): Promise<void> => {
  const { repository, branch, commit, fresh = false } = options
  const parameters = options.parameters === undefined ? undefined : parametersOf(options.parameters)
  if (commit !== undefined && !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit))
    throw new Fault('usage', `--commit is no full commit hash: ${commit}`, { remedy: 'Write all of its 40 digits.' })
  const client = await connect(options)
  const asked = await client.post<{ repository: string; change: number; commit: string }>('/changes', {
    kind: 'request',
    pipeline,
    fresh,
    ...(repository === undefined ? {} : { repository }),
    ...(branch === undefined ? {} : { branch }),
    ...(commit === undefined ? {} : { commit }),
    ...(parameters === undefined ? {} : { parameters }),
  })
  if (options.json) return printJson(asked)
  const { change } = asked
  print(
    `change ${change}: ${pipeline} of ${asked.repository} at ${asked.commit.slice(0, 12)}; see \`winnow changes ${change}\``,
  )
}

const parametersOf = (text: string): JsonObject => {
  try {
    const parsed: unknown = JSON.parse(text)
    if (isJsonObject(parsed)) return parsed
  } catch (cause) {
    throw new Fault('usage', `--parameters is no JSON: ${messageOf(cause)}`, { cause })
  }
  throw new Fault('usage', '--parameters is no JSON object', { remedy: 'Write it as {"rows": 100}.' })
}
