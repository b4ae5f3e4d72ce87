import { Fault } from '../domain/errors.ts'
import { type Duration, longestDecision, parseDuration } from '../domain/time.ts'

/** What an option such as `--for 2h` means, in milliseconds. */
export const durationOf = (option: string, text: string): Duration => {
  const duration = parseDuration(text)
  if (duration === undefined || duration < 1_000)
    throw new Fault('usage', `${option} is no duration: ${text}`, { remedy: 'Write it as 30m, 24h or 7d.' })
  if (duration > longestDecision)
    throw new Fault('usage', `${option} ${text} is too long`, { remedy: 'It is at most 31d.' })
  return duration
}
