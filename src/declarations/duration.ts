import * as z from 'zod'
import { parseDuration } from '../domain/time.ts'

const longest = 30 * 86_400_000

/** A duration of at most thirty days, in milliseconds. */
export const duration = z.string().transform((text, context) => {
  const milliseconds = parseDuration(text)
  if (milliseconds !== undefined && milliseconds > 0 && milliseconds <= longest) return milliseconds
  context.addIssue({
    code: 'custom',
    message: `expected a duration such as 90s, 5m or 1h30m (at most 30d), got ${JSON.stringify(text)}`,
  })
  return z.NEVER
})
