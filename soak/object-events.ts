import { aboutData } from './about.ts'
import { below, hexDigits, type Random, weighted } from './random.ts'
import type { Happening, Outcome } from './sender.ts'

/** One object at one generation, as its bucket knows it. */
interface BucketObject {
  readonly bucket: string
  readonly name: string
  readonly generation: string
  readonly size: number
}

export interface ObjectEvent extends BucketObject {
  /** Whether it took the place of another one. */
  readonly newer: boolean
  readonly kind: 'written' | 'deleted' | 'nothing'
}

export interface ToldObject {
  readonly event: ObjectEvent
  readonly happenings: readonly Happening[]
}

export interface BucketWords {
  readonly scheme: 'gs' | 's3'
  readonly bucket: string
  /** Everybody who hears of it. */
  readonly repositories: readonly string[]
  /** Whether its generations say which one is newer; where they do not, of two told in the wrong order either may be gathered. */
  readonly ordered: boolean
  /** True where it tells of nothing but objects that were written or deleted. */
  readonly silent?: boolean
  /** Its generations; `index` is the object's number. */
  readonly generationOf: (random: Random, index: number, size: number, newer: boolean) => string
}

/** Of so many objects that are watched, one is written anew this many later. */
const rewriteEvery = 10
const rewriteAfter = 5

/**
 * The event number `index` of a bucket, and what must become of it in each repository that hears of it. Objects in
 * `incoming/` are gathered, those elsewhere are looked at and ignored. Some are written anew: then the older generation
 * may be in a manifest, where it was gathered in time, and the newer one must be.
 */
export const nextObjectEvent = (random: Random, index: number, words: BucketWords): ToldObject => {
  const { scheme, bucket, repositories, generationOf, ordered, silent = false } = words
  const tell = (
    kind: ObjectEvent['kind'],
    name: string,
    newer: boolean,
    outcomes: readonly Outcome[],
    lasts?: boolean,
  ): ToldObject => {
    const size = 1 + below(random, 10_000)
    const generation = generationOf(random, index, size, newer)
    const uri = `${scheme}://${bucket}/${name}`
    const event: ObjectEvent = { kind, bucket, name, generation, size, newer }
    if (kind === 'nothing') return { event, happenings: [] }
    const happenings = repositories.map((repository) => ({
      repository,
      about: aboutData(uri, kind, generation),
      outcomes,
      ...(lasts === undefined ? {} : { object: { key: `${uri}#${generation}`, lasts } }),
    }))
    return { event, happenings }
  }
  const rewritten = index - rewriteAfter
  if (rewritten > 0 && rewritten % rewriteEvery === 0)
    return tell('written', `incoming/${rewritten}.csv`, true, ordered ? ['batched'] : ['batched', 'ignored'], ordered)
  if (index > 0 && index % rewriteEvery === 0)
    return tell('written', `incoming/${index}.csv`, false, ['batched', 'ignored'], false)
  return weighted<() => ToldObject>(random, [
    [45, () => tell('written', `incoming/${index}.csv`, false, ['batched'], true)],
    [40, () => tell('written', `elsewhere/${index}-${hexDigits(random, 4)}.bin`, false, ['ignored'])],
    [10, () => tell('deleted', `elsewhere/${index}.bin`, false, ['ignored'])],
    [silent ? 0 : 5, () => tell('nothing', `incoming/${index}.csv`, false, [])],
  ])()
}
