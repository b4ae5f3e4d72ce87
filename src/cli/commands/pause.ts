import type { Pause } from '../../domain/pause.ts'
import { formatTime, type Time } from '../../domain/time.ts'
import { type ClientOptions, connect } from '../client.ts'
import { durationOf } from '../duration-option.ts'
import { paintState } from '../style.ts'
import { print, printJson, table } from '../table.ts'

interface Options extends ClientOptions {
  readonly repository?: string
  readonly json?: boolean
}

const placeOf = (pipeline: string | undefined, { repository }: Options) => ({
  ...(repository === undefined ? {} : { repository }),
  ...(pipeline === undefined ? {} : { pipeline }),
})
const nameOf = ({ repository, pipeline }: { repository: string; pipeline: string | null }): string =>
  pipeline === null ? `all of ${repository}` : `${pipeline} of ${repository}`

/** `winnow pause [PIPELINE]` */
export const pause = async (
  pipeline: string | undefined,
  options: Options & { readonly reason: string; readonly for: string },
): Promise<void> => {
  const lasts = durationOf('--for', options.for)
  const client = await connect(options)
  const wish = { ...placeOf(pipeline, options), reason: options.reason, lasts }
  const paused = await client.post<{ repository: string; pipeline: string | null; until: Time }>('/pauses', wish)
  if (options.json) return printJson(paused)
  print(`${nameOf(paused)} starts no run until ${formatTime(paused.until)}; what happens is recorded, and waits`)
}

/** `winnow resume [PIPELINE]` */
export const resume = async (pipeline: string | undefined, options: Options): Promise<void> => {
  const client = await connect(options)
  const resumed = await client.post<{ repository: string; pipeline: string | null; next: string }>(
    '/pauses/resume',
    placeOf(pipeline, options),
  )
  if (options.json) return printJson(resumed)
  print(`${nameOf(resumed)} is resumed: ${resumed.next}`)
}

/** `winnow pauses` */
export const pauses = async (
  options: ClientOptions & { readonly limit: string; readonly json?: boolean },
): Promise<void> => {
  const client = await connect(options)
  const list = await client.get<{ pauses: readonly Pause[] }>(`/pauses?limit=${encodeURIComponent(options.limit)}`)
  if (options.json) return printJson(list)
  if (list.pauses.length === 0) return print('Nothing was ever paused.')
  const rows = list.pauses.map((one) => [
    one.repository,
    one.pipeline ?? 'all',
    paintState(one.state),
    one.person,
    formatTime(one.at),
    formatTime(one.until),
    one.reason,
  ])
  print(table(['repository', 'pipeline', 'state', 'by', 'from', 'until', 'why'], rows))
}
