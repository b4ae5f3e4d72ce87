import { Fault } from '../domain/errors.ts'
import { parseDuration, type Time } from '../domain/time.ts'

/** What an option such as `--since 2026-03-31` or `--since 7d` means. */
export const timeOf = (option: string, text: string, now: Time): Time => {
  const ago = parseDuration(text)
  if (ago !== undefined) return Math.max(0, Math.round(now - ago))
  const at = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at))
    throw new Fault('usage', `${option} is no date: ${text}`, {
      remedy: 'Write it as 2026-03-31 or 2026-03-31T12:00:00Z, or as 7d: so long ago.',
    })
  return at
}
