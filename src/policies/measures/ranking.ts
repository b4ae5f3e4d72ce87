import { createLadder, placesOn } from '../statistics/ladder.ts'
import { sortNumbers } from '../statistics/sort-numbers.ts'

/**
 * Where decisions stand by their scores: what an area under a curve is made of. Several may be about one example (one for
 * each class): decision `d` is about example `d / decisions`, rounded down.
 *
 * The distinct scores of the positives, those that should say yes, are the rungs of a ladder. Of the negatives nothing
 * matters but how many lie between the rungs and on them, so they are never sorted.
 */
export interface Ranking {
  /** 1 where a decision should say yes. */
  readonly positive: Uint8Array
  readonly positives: number
  /** The place of each decision on the ladder: −1 − r on rung r, otherwise how many rungs lie below it. */
  readonly places: Int32Array
  readonly positivesOn: Uint32Array
  readonly negativesOn: Uint32Array
  /** Those below each rung and above the one before, and at last those above all. */
  readonly negativesBelow: Uint32Array
  /** How many decisions there are about each example. */
  readonly decisions: number
}

/** NaN stands above every number, and one NaN above those that come before it. */
export const rank = (scores: Float64Array, positive: Uint8Array, decisions = 1): Ranking => {
  const { positives, numbers } = numbersOfPositives(scores, positive)
  const ladder = createLadder(sortNumbers(numbers))
  const places = placesOn(ladder, scores)
  const unordered = positives - numbers.length
  if (unordered > 0) placeUnordered(places, scores, positive, ladder.rungs.length)
  const rungs = ladder.rungs.length + unordered

  const [positivesOn, negativesOn] = [new Uint32Array(rungs), new Uint32Array(rungs)]
  const negativesBelow = new Uint32Array(rungs + 1)
  for (let i = 0; i < places.length; i++) {
    const place = places[i] as number
    const counts = place >= 0 ? negativesBelow : positive[i] === 1 ? positivesOn : negativesOn
    const at = place >= 0 ? place : -1 - place
    counts[at] = (counts[at] as number) + 1
  }
  return { positive, positives, places, positivesOn, negativesOn, negativesBelow, decisions }
}

/** How many positives there are, and the scores of those whose score is a number. */
const numbersOfPositives = (
  scores: Float64Array,
  positive: Uint8Array,
): { readonly positives: number; readonly numbers: Float64Array } => {
  let positives = 0
  for (let i = 0; i < positive.length; i++) positives += positive[i] as number
  // One more, so that what is not one of them is written and then overwritten: to branch costs more here.
  const numbers = new Float64Array(positives + 1)
  let count = 0
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] as number
    numbers[count] = score
    count += Number.isNaN(score) ? 0 : (positive[i] as number)
  }
  return { positives, numbers: numbers.subarray(0, count) }
}

/** Each NaN among the positives is a rung of its own, above those of numbers. */
const placeUnordered = (places: Int32Array, scores: Float64Array, positive: Uint8Array, numbers: number): void => {
  let rung = numbers
  for (let i = 0; i < scores.length; i++) {
    if (!Number.isNaN(scores[i])) continue
    places[i] = positive[i] === 1 ? -1 - rung++ : rung
  }
}
