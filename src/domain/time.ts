/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Time = number
/** Milliseconds. */
export type Duration = number

const units: Readonly<Record<string, Duration>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** The day of UTC that a time is in, counted since 1970. */
export const dayOf = (at: Time): number => Math.floor(at / 86_400_000)

/** `90s`, `5m`, `1h30m`, `250ms` → milliseconds; undefined where the text is no duration. */
export const parseDuration = (text: string): Duration | undefined => {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g))
    total += Number(amount) * (units[unit as string] as number)
  return total
}

/** Milliseconds → `1h 5m`, `12.3 s`, `250 ms`, for people. */
export const formatDuration = (ms: Duration): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes}m ${Math.round((ms % 60_000) / 1_000)}s`
  return `${Math.floor(minutes / 60)}h ${minutes % 60}m`
}

/** `2026-11-25T09:00:00.000Z` */
// biome-ignore lint/style/noRestrictedGlobals: it formats a time that is given and reads no clock
export const formatTime = (at: Time): string => new Date(at).toISOString()

/** How long what a person decides may hold at most: what somebody forgets must end by itself. */
export const longestDecision: Duration = 31 * 86_400_000
