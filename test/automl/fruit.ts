import { writeFile } from 'node:fs/promises'

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export const generator = (seed: number) => {
  let state = seed >>> 0
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export type Row = Record<string, string | number>

const kinds = [
  { kind: 'apple', weight: 150, size: 7, colours: ['red', 'green'] },
  { kind: 'pear', weight: 170, size: 8, colours: ['green', 'yellow'] },
  { kind: 'plum', weight: 60, size: 4, colours: ['blue', 'red'] },
] as const

/** Fruit of three kinds that overlap somewhat; a few weights and colours are missing, and the price follows the weight. */
export const fruit = (count: number, seed = 7): Row[] => {
  const random = generator(seed)
  const normal = () => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random())
  return Array.from({ length: count }, (_, row) => {
    const { kind, weight, size, colours } = kinds[Math.floor(random() * kinds.length)] as (typeof kinds)[number]
    const grams = weight + 25 * normal()
    return {
      weight: random() < 0.02 ? '' : grams.toFixed(2),
      size: (size + normal()).toFixed(3),
      colour: random() < 0.02 ? '' : (colours[random() < 0.7 ? 0 : 1] as string),
      price: (0.01 * grams + (kind === 'plum' ? 1 : 0.4) + 0.05 * normal()).toFixed(3),
      seen: new Date(Date.UTC(2026, 0, 1) + row * 3_600_000).toISOString(),
      kind,
    }
  })
}

export const writeCsv = async (file: string, rows: readonly Row[]): Promise<string> => {
  const names = Object.keys(rows[0] ?? {})
  const lines = [names, ...rows.map((row) => names.map((name) => String(row[name])))]
  await writeFile(file, `${lines.map((cells) => cells.join(',')).join('\n')}\n`)
  return file
}
