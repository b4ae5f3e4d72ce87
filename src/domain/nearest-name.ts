/** Names longer than this are not compared: the distance costs the product of the lengths. */
const longestName = 100

/**
 * How many insertions, deletions, replacements and swaps of neighbours lead from one text to the other
 * (Damerau-Levenshtein in its optimal string alignment form: no part is edited twice).
 */
export const editDistance = (from: string, to: string): number => {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, j) => j)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1]
      let best = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1))
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        best = Math.min(best, at(beforeLast, j - 2) + 1)
      row.push(best)
    }
    beforeLast = last
    last = row
  }
  return at(last, to.length)
}

const at = (row: readonly number[], index: number): number => row[index] as number

/** The known name that somebody who wrote `name` most likely meant; undefined where none is near. Case counts for little. */
export const nearestName = (name: string, known: readonly string[]): string | undefined => {
  if (name.length > longestName) return undefined
  const allowed = Math.max(1, Math.floor(name.length / 3))
  let nearest: { readonly name: string; readonly distance: number } | undefined
  for (const candidate of known) {
    if (candidate.length > longestName || Math.abs(candidate.length - name.length) > allowed) continue
    const distance = editDistance(folded(name), folded(candidate))
    if (distance <= allowed && (nearest === undefined || distance < nearest.distance))
      nearest = { name: candidate, distance }
  }
  return nearest?.name
}

// `macro_f1`, `macro-f1` and `macroF1` are the same word to a person.
const folded = (name: string): string => name.toLowerCase().replace(/[-_ ]/g, '')
