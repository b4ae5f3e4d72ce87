import { createLadder, rungsBelow } from '../statistics/ladder.ts'

/**
 * Where decisions stand by their scores: what an area under a curve is made of. Several may be about one example (one for
 * each class): decision `d` is about example `d / decisions`, rounded down.
 *
 * The distinct scores of the positives, those that should say yes, are rungs. Slot `2r + 1` is rung r itself, slot `2r`
 * is what lies below it and above the rung before; the last slot lies above all. Nothing else of the negatives matters,
 * so they are never sorted.
 */
export interface Ranking {
  /** 1 where a decision should say yes. */
  readonly positive: Uint8Array
  readonly positives: number
  /** The slot of each decision. */
  readonly slots: Uint32Array
  /** How many positives stand on each rung. */
  readonly positivesOn: Uint32Array
  /** How many negatives there are in each slot. */
  readonly negativesIn: Uint32Array
  /** How many decisions there are about each example. */
  readonly decisions: number
}

/** NaN stands above every number, and one NaN above those that come before it. */
export const rank = (scores: Float64Array, positive: Uint8Array, decisions = 1): Ranking => {
  const n = scores.length
  let positives = 0
  for (let i = 0; i < n; i++) positives += positive[i] as number
  const own = new Float64Array(positives)
  for (let i = 0, at = 0; i < n; i++) if (positive[i] === 1) own[at++] = scores[i] as number
  own.sort()
  let numbers = positives
  while (numbers > 0 && Number.isNaN(own[numbers - 1])) numbers--

  const ladder = createLadder(own.subarray(0, numbers))
  const { rungs } = ladder
  const all = rungs.length + positives - numbers
  const positivesOn = new Uint32Array(all)
  const negativesIn = new Uint32Array(2 * all + 1)
  const slots = rungsBelow(ladder, scores)
  let unordered = 0
  for (let i = 0; i < n; i++) {
    const score = scores[i] as number
    const rung = slots[i] as number
    if (positive[i] === 1) {
      const on = Number.isNaN(score) ? rung + unordered++ : rung
      positivesOn[on] = (positivesOn[on] as number) + 1
      slots[i] = 2 * on + 1
    } else {
      const slot = Number.isNaN(score) ? 2 * (rung + unordered) : 2 * rung + (rungs[rung] === score ? 1 : 0)
      negativesIn[slot] = (negativesIn[slot] as number) + 1
      slots[i] = slot
    }
  }
  return { positive, positives, slots, positivesOn, negativesIn, decisions }
}
