import type { LiveFigures } from '../../domain/ports/request-log.ts'
import type { DeployedModel } from '../../domain/ports/serving.ts'
import { type ClientOptions, connect } from '../client.ts'
import { print, printJson, table } from '../table.ts'
import { timeOf } from '../time-option.ts'

type Answer = {
  readonly endpoint: string
  readonly deployed: readonly DeployedModel[]
  readonly split: Readonly<Record<string, number>>
} & LiveFigures

/** Those that come first; the others follow in the order that they have. */
const first = ['accuracy', 'macroF1', 'logLoss', 'mae', 'rmse']

/** `winnow live ENDPOINT`: what its models did while they served, as far as the log of its requests goes back. */
export const live = async (
  endpoint: string,
  options: ClientOptions & { readonly since?: string; readonly json?: boolean },
): Promise<void> => {
  const since = options.since === undefined ? 0 : timeOf('--since', options.since, Date.now())
  const client = await connect(options)
  const answer = await client.get<Answer>(`/endpoints/${encodeURIComponent(endpoint)}/live?since=${since}`)
  if (options.json) return printJson(answer)
  if (!answer.ok) return print(`Nothing is known of ${endpoint}: ${answer.reason}.`)
  const rows = Object.entries(answer.models).map(([id, figures]) => {
    const deployed = answer.deployed.find((one) => one.id === id)
    const name =
      deployed === undefined ? `${id} (gone)` : `${deployed.model.split('/').at(-1)}@${deployed.modelVersion}`
    return [
      name,
      `${answer.split[id] ?? 0} %`,
      String(figures['requests'] ?? 0),
      // Where only answers are logged, nobody knows.
      figures['errorRate'] === undefined ? '-' : `${(100 * figures['errorRate']).toFixed(1)} %`,
      ...['latency.p50', 'latency.p99'].map((metric) => milliseconds(figures[metric])),
      labelled(figures),
    ]
  })
  if (rows.length === 0) return print(since === 0 ? 'No requests yet.' : 'No requests since then.')
  print(table(['serves', 'traffic', 'requests', 'errors', 'p50', 'p99', 'of labelled answers'], rows))
}

const milliseconds = (value: number | undefined): string => (value === undefined ? '-' : `${value.toFixed(1)} ms`)

const labelled = (figures: Readonly<Record<string, number>>): string => {
  const known = figures['labelled'] ?? 0
  if (known === 0) return 'none: `winnow feedback` tells labels'
  const told = first.flatMap((metric) => {
    const value = figures[metric]
    return value === undefined ? [] : [`${metric} ${value.toFixed(3)}`]
  })
  return `${known}: ${told.join(', ')}`
}
