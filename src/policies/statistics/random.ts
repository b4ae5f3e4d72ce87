/** A seeded source of chance: the same seed gives the same numbers on every machine. */
export interface Random {
  /** A whole number from 0 to 2³²−1. */
  readonly next: () => number
  /** From 0 up to but not including 1, with 53 bits. */
  readonly uniform: () => number
  /** A whole number from 0 up to but not including `bound`, each equally likely. */
  readonly below: (bound: number) => number
}

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by))

/**
 * xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), its state spread from the
 * seed by splitmix32. `seed` is a whole number; only its low 32 bits count.
 */
export const createRandom = (seed: number): Random => {
  let spread = seed | 0
  const splitmix = (): number => {
    spread = (spread + 0x9e3779b9) | 0
    let z = spread
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return z ^ (z >>> 15)
  }
  let a = splitmix()
  let b = splitmix()
  let c = splitmix()
  let d = splitmix()

  const next = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = rotate(d, 11)
    return result
  }
  const uniform = (): number => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992
  const below = (bound: number): number => {
    for (;;) {
      const drawn = next()
      // What lies above the highest multiple of `bound` would favour small numbers; that multiple is seldom worked out.
      if (drawn <= 4294967296 - bound || drawn < 4294967296 - (4294967296 % bound)) return drawn % bound
    }
  }
  return { next, uniform, below }
}
