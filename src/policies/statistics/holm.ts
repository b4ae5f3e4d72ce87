/**
 * Holm's adjusted p-values ("A simple sequentially rejective multiple test procedure", 1979), in the order given: what
 * is at most alpha after it may all be claimed at once with an error of alpha.
 */
export const holm = (pValues: readonly number[]): readonly number[] => {
  const order = pValues.map((_, i) => i).sort((a, b) => (pValues[a] as number) - (pValues[b] as number))
  const adjusted: number[] = []
  let highest = 0
  order.forEach((index, rank) => {
    highest = Math.max(highest, Math.min(1, (pValues[index] as number) * (pValues.length - rank)))
    adjusted[index] = highest
  })
  return adjusted
}
