import type { Duration, Time } from '../domain/time.ts'
import {
  type BucketRule,
  chargeTokens,
  fullBucket,
  isFull,
  type TokenBucket,
  takeToken,
} from '../domain/token-bucket.ts'

export interface Limits {
  /** Lets one delivery in, or says how long it has to wait. */
  readonly deliver: (signer: string, now: Time) => Duration
  /** What a delivery brought besides itself counts, too: the next ones wait for it. */
  readonly charge: (signer: string, count: number, now: Time) => void
  /** The same for a request that proved nothing, by the address that it came from. */
  readonly fail: (address: string, now: Time) => Duration
}

export interface LimitRules {
  /** Deliveries a minute, and at once, of one signer: a sender and those whom its signature speaks for. */
  readonly perMinute: number
  /** Requests a minute, and at once, of one address, that are refused for their signature with an answer of their own. */
  readonly failuresPerMinute: number
}

/** Signers are as many as the config has; addresses are as many as there are, so only so many are remembered. */
const mostRemembered = 10_000

/** In the memory of one process. */
export const createLimits = (rules: LimitRules): Limits => {
  const deliveries = createBuckets({ perMinute: rules.perMinute })
  const failures = createBuckets({ perMinute: rules.failuresPerMinute })
  return { deliver: deliveries.take, charge: deliveries.charge, fail: failures.take }
}

const createBuckets = (rule: BucketRule) => {
  // In the order in which they were last asked for.
  const buckets = new Map<string, TokenBucket>()
  const keep = (key: string, bucket: TokenBucket, now: Time): void => {
    buckets.delete(key)
    buckets.set(key, bucket)
    for (const [oldest, other] of buckets) {
      if (buckets.size <= mostRemembered && !isFull(other, rule, now)) break
      buckets.delete(oldest)
    }
  }
  const bucketOf = (key: string, now: Time): TokenBucket => buckets.get(key) ?? fullBucket(rule, now)
  return {
    take: (key: string, now: Time): Duration => {
      const { bucket, wait } = takeToken(bucketOf(key, now), rule, now)
      keep(key, bucket, now)
      return wait
    },
    charge: (key: string, count: number, now: Time): void =>
      keep(key, chargeTokens(bucketOf(key, now), rule, count, now), now),
  }
}
