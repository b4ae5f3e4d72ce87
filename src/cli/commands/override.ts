import { formatTime, type Time } from '../../domain/time.ts'
import { type ClientOptions, connect } from '../client.ts'
import { durationOf } from '../duration-option.ts'
import { print, printJson } from '../table.ts'

interface Options extends ClientOptions {
  readonly environment: string
  readonly reason: string
  readonly expires: string
  readonly json?: boolean
}

/** `winnow override RUN --environment E --reason …` */
export const override = async (id: string, options: Options): Promise<void> => {
  const { environment, reason } = options
  const expiresIn = durationOf('--expires', options.expires)
  const client = await connect(options)
  const made = await client.post<{ release: number; expiresAt: Time }>(`/runs/${encodeURIComponent(id)}/override`, {
    environment,
    reason,
    expiresIn,
  })
  if (options.json) return printJson(made)
  print(`release ${made.release} takes run ${id} into ${environment}; the override ends ${formatTime(made.expiresAt)}`)
}
