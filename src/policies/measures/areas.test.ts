import fc from 'fast-check'
import { expect, it } from 'vitest'
import { averagePrecision } from './average-precision.ts'
import type { Area } from './influence.ts'
import { rank } from './ranking.ts'
import { rocArea } from './roc-area.ts'

interface Decisions {
  readonly scores: Float64Array
  readonly positive: Uint8Array
  readonly decisions: number
}

/** Groups of equal scores from the least up, each the positions of its decisions; every NaN is one by itself, at the end. */
const groupsOf = ({ scores }: Decisions): readonly (readonly number[])[] => {
  const at = (position: number): number => scores[position] as number
  const order = [...scores.keys()].sort((a, b) => {
    if (Number.isNaN(at(a)) || Number.isNaN(at(b)))
      return Number(Number.isNaN(at(a))) - Number(Number.isNaN(at(b))) || a - b
    return at(a) < at(b) ? -1 : at(a) > at(b) ? 1 : a - b
  })
  const groups: number[][] = []
  for (const position of order) {
    const last = groups.at(-1)
    if (last !== undefined && at(last[0] as number) === at(position)) last.push(position)
    else groups.push([position])
  }
  return groups
}

const scale = (count: number): number => (count < 2 ? 1 / count : 1 / Math.sqrt(count * (count - 1)))

/** As the definitions say it: all decisions are sorted, and each group of equal scores is looked at as a whole. */
const plainRocArea = (given: Decisions): Area => {
  const { positive, decisions } = given
  const positives = positive.filter((one) => one === 1).length
  const negatives = positive.length - positives
  if (positives === 0 || negatives === 0) return null
  const groups = groupsOf(given).map((group) => ({ group, tied: group.filter((d) => positive[d] === 1).length }))
  let area = 0
  let below = 0
  for (const { group, tied } of groups) {
    const others = group.length - tied
    area += (tied * (below + others / 2)) / negatives
    below += others
  }
  area /= positives
  const parts = new Float64Array(positive.length / decisions)
  let [positivesBelow, negativesBelow] = [0, 0]
  for (const { group, tied } of groups) {
    const others = group.length - tied
    const right = ((negativesBelow + others / 2) / negatives - area) * scale(positives)
    const wrong = ((positives - positivesBelow - tied / 2) / positives - area) * scale(negatives)
    for (const d of group)
      parts[Math.floor(d / decisions)] =
        (parts[Math.floor(d / decisions)] as number) + (positive[d] === 1 ? right : wrong)
    positivesBelow += tied
    negativesBelow += others
  }
  return { value: area, parts }
}

const plainAveragePrecision = (given: Decisions): Area => {
  const { positive, decisions } = given
  const all = positive.length
  if (all === 0) return null
  const positives = positive.filter((one) => one === 1).length
  const parts = new Float64Array(all / decisions)
  if (positives === 0) return { value: 0, parts }
  const groups = groupsOf(given)
  const hits = groups.map((group) => group.filter((d) => positive[d] === 1).length)
  const precision = groups.map(() => 0)
  let [value, found, standing] = [0, 0, 0]
  for (let g = groups.length - 1; g >= 0; g--) {
    found += hits[g] as number
    standing += (groups[g] as readonly number[]).length
    precision[g] = found / standing
    value += ((hits[g] as number) * (precision[g] as number)) / positives
  }
  let [gained, lost] = [0, 0]
  for (const [g, group] of groups.entries()) {
    const share = precision[g] as number
    gained += ((hits[g] as number) * (1 - share)) / standing
    lost += ((hits[g] as number) * share) / standing
    for (const d of group) {
      const said = positive[d] === 1 ? (share - value + gained) / positives : -lost / positives
      parts[Math.floor(d / decisions)] = (parts[Math.floor(d / decisions)] as number) + said
    }
    standing -= group.length
  }
  return { value, parts }
}

const near = fc.integer({ min: -40, max: 40 }).map((steps) => 0.75 + steps * Number.EPSILON)
const odd = fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, -5e-324)
const score = fc.oneof(
  { weight: 4, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
  { weight: 2, arbitrary: fc.integer({ min: -3, max: 3 }) },
  // Their upper words are the same: all of them share an entry of the directory.
  { weight: 2, arbitrary: near },
  { weight: 1, arbitrary: fc.double() },
  { weight: 1, arbitrary: odd },
)
/** One to forty decisions about each example, of which any may be positive; now and then none is, or all are. */
const given = fc
  .tuple(fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(40)), fc.nat(60), fc.constantFrom(0, 0.1, 0.5, 1))
  .chain(([decisions, examples, share]) => {
    const size = { minLength: decisions * examples, maxLength: decisions * examples }
    const coin = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
    return fc.record({
      scores: fc
        .oneof(fc.array(score, size), fc.array(fc.constantFrom(0.25, 0.5), size))
        .map((all) => Float64Array.from(all)),
      positive: fc.array(coin, size).map((coins) => Uint8Array.from(coins, (one) => (one < share ? 1 : 0))),
      decisions: fc.constant(decisions),
    })
  })

/** Bit for bit, but for the sign of a zero. */
const expectSame = (area: Area, plain: Area): void => {
  expect(area === null).toBe(plain === null)
  if (area === null || plain === null) return
  expect(area.value).toBe(plain.value)
  expect(area.parts.length).toBe(plain.parts.length)
  expect([...area.parts.keys()].filter((i) => area.parts[i] !== plain.parts[i])).toEqual([])
}

it('the area under the ROC curve is that of the definition, to the last bit', () => {
  fc.assert(
    fc.property(given, (all) => {
      expectSame(rocArea(rank(all.scores, all.positive, all.decisions)), plainRocArea(all))
    }),
    { numRuns: 400 },
  )
})

it('average precision is that of the definition, to the last bit', () => {
  fc.assert(
    fc.property(given, (all) => {
      expectSame(averagePrecision(rank(all.scores, all.positive, all.decisions)), plainAveragePrecision(all))
    }),
    { numRuns: 400 },
  )
})
