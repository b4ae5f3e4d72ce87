import { formatTime, type Time } from '../../domain/time.ts'
import { type ClientOptions, connect } from '../client.ts'
import { durationOf } from '../duration-option.ts'
import { print, printJson } from '../table.ts'

interface Options extends ClientOptions {
  readonly repository?: string
  readonly json?: boolean
}

const placeOf = (environment: string): string => `/environments/${encodeURIComponent(environment)}`
const named = ({ repository }: Options) => (repository === undefined ? {} : { repository })

/** `winnow hold ENVIRONMENT` */
export const hold = async (
  environment: string,
  options: Options & { readonly reason?: string; readonly for?: string },
): Promise<void> => {
  const lasts = options.for === undefined ? null : durationOf('--for', options.for)
  const client = await connect(options)
  const wish = { ...named(options), reason: options.reason ?? '', lasts }
  const held = await client.post<{ repository: string; until: Time | null }>(`${placeOf(environment)}/hold`, wish)
  if (options.json) return printJson(held)
  const until = held.until === null ? `until \`winnow release ${environment}\`` : `until ${formatTime(held.until)}`
  print(`${environment} of ${held.repository} takes no release ${until}; one under way stays at its step`)
}

/** `winnow release ENVIRONMENT` */
export const release = async (environment: string, options: Options): Promise<void> => {
  const client = await connect(options)
  const lifted = await client.post<{ next: string }>(`${placeOf(environment)}/release`, named(options))
  if (options.json) return printJson(lifted)
  print(`${environment}: ${lifted.next}`)
}
