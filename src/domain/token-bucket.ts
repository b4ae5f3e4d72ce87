import type { Duration, Time } from './time.ts'

/** What a bucket gains in a minute, and the most that it holds: what may come at once. */
export interface BucketRule {
  readonly perMinute: number
}

/** Counted in sixty-thousandths of a token, so that a millisecond's gain is a whole number of them. */
const token = 60_000

/** How much there was, and when. A debt is a negative level. */
export interface TokenBucket {
  readonly level: number
  readonly at: Time
}

export const fullBucket = ({ perMinute }: BucketRule, now: Time): TokenBucket => ({ level: perMinute * token, at: now })

/** The bucket as it is now. A clock that went back gives nothing and takes nothing. */
const refilled = ({ level, at }: TokenBucket, { perMinute }: BucketRule, now: Time): TokenBucket => ({
  level: Math.min(perMinute * token, level + Math.max(0, now - at) * perMinute),
  at: Math.max(at, now),
})

/** Takes one token where there is one. `wait`: 0, or the milliseconds until there is one again. */
export const takeToken = (
  bucket: TokenBucket,
  rule: BucketRule,
  now: Time,
): { readonly bucket: TokenBucket; readonly wait: Duration } => {
  const { level, at } = refilled(bucket, rule, now)
  return level >= token
    ? { bucket: { level: level - token, at }, wait: 0 }
    : { bucket: { level, at }, wait: Math.ceil((token - level) / rule.perMinute) + (at - now) }
}

/** Takes tokens whether or not they are there: what came in already is paid for by what comes next. */
export const chargeTokens = (bucket: TokenBucket, rule: BucketRule, count: number, now: Time): TokenBucket => {
  const { level, at } = refilled(bucket, rule, now)
  return { level: level - count * token, at }
}

/** Whether a bucket is as good as a new one, and need not be remembered. */
export const isFull = (bucket: TokenBucket, rule: BucketRule, now: Time): boolean =>
  refilled(bucket, rule, now).level >= rule.perMinute * token
