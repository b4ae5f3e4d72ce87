import { Fault } from '../domain/errors.ts'
import { type Duration, parseDuration } from '../domain/time.ts'

/** The API takes no longer ones: what somebody forgets must end by itself. */
const longest: Duration = 31 * 86_400_000

/** What an option such as `--for 2h` means, in milliseconds. */
export const durationOf = (option: string, text: string): Duration => {
  const duration = parseDuration(text)
  if (duration === undefined || duration < 1_000)
    throw new Fault('usage', `${option} is no duration: ${text}`, { remedy: 'Write it as 30m, 24h or 7d.' })
  if (duration > longest) throw new Fault('usage', `${option} ${text} is too long`, { remedy: 'It is at most 31d.' })
  return duration
}
