/** Numbers from 0 to 1 that the seed decides. */
export type Random = () => number

/** Marsaglia's xorshift over 32 bits, after a hash of the seed, so that seeds beside each other are strangers. */
export const createRandom = (seed: number, stream = ''): Random => {
  let state = 2_166_136_261
  for (const letter of `${seed} ${stream}`) state = Math.imul(state ^ (letter.codePointAt(0) ?? 0), 16_777_619)
  state |= 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  for (let i = 0; i < 8; i += 1) next()
  return next
}

/** A whole number from 0 to below `end`. */
export const below = (random: Random, end: number): number => Math.floor(random() * end)

export const pick = <T>(random: Random, list: readonly T[]): T => {
  const found = list[below(random, list.length)]
  if (found === undefined) throw new Error('there is nothing to pick from')
  return found
}

/** One of the values, each as often as its weight says. */
export const weighted = <T>(random: Random, choices: readonly (readonly [weight: number, value: T])[]): T => {
  let left = random() * choices.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, value] of choices) {
    left -= weight
    if (left < 0) return value
  }
  return pick(random, choices)[1]
}

/** The list in another order. */
export const shuffled = <T>(random: Random, list: readonly T[]): readonly T[] => {
  const mixed = [...list]
  for (let i = mixed.length - 1; i > 0; i -= 1) {
    const j = below(random, i + 1)
    const moved = mixed[i] as T
    mixed[i] = mixed[j] as T
    mixed[j] = moved
  }
  return mixed
}

/** Hex digits, as ids and hashes have them. */
export const hexDigits = (random: Random, length: number): string =>
  Array.from({ length }, () => below(random, 16).toString(16)).join('')

export const uuid = (random: Random): string =>
  `${hexDigits(random, 8)}-${hexDigits(random, 4)}-4${hexDigits(random, 3)}-a${hexDigits(random, 3)}-${hexDigits(random, 12)}`
