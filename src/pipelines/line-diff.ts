/** Texts that differ in more lines than this are told by their sizes: a longer hint helps nobody. */
const mostShown = 12
/** The table that finds what two texts share has the product of their lengths. */
const mostCells = 400_000
const widest = 76

/**
 * A short unified hint of what differs between two texts: `- ` and `+ ` lines, and `  …` where lines were left out.
 * Empty where they are the same.
 */
export const lineDiff = (before: readonly string[], after: readonly string[]): readonly string[] => {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start++
  let end = 0
  const least = Math.min(before.length, after.length) - start
  while (end < least && before[before.length - 1 - end] === after[after.length - 1 - end]) end++
  const marked = changed(before.slice(start, before.length - end), after.slice(start, after.length - end))
  const shown = marked.slice(0, mostShown)
  const [only, other] = shown
  if (marked.length === 2 && only?.startsWith('- ') && other?.startsWith('+ ')) return clipPair(only, other)
  return [
    ...shown.map((line) => clip(line, 0)),
    ...(marked.length > mostShown ? [`  … ${marked.length - mostShown} more lines`] : []),
  ]
}

const changed = (before: readonly string[], after: readonly string[]): readonly string[] => {
  if (before.length * after.length > mostCells)
    return [...before.map((line) => `- ${line}`), ...after.map((line) => `+ ${line}`)]
  // common[i][j]: how many lines before[i…] and after[j…] share at most, in order.
  const common = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1))
  const at = (i: number, j: number): number => common[i]?.[j] ?? 0
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      (common[i] as Uint32Array)[j] =
        before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      if (lines.at(-1) !== '  …') lines.push('  …')
      i++
      j++
    } else if (j >= after.length || (i < before.length && at(i + 1, j) >= at(i, j + 1))) lines.push(`- ${before[i++]}`)
    else lines.push(`+ ${after[j++]}`)
  }
  return lines
}

const clip = (line: string, from: number): string => {
  const text = from === 0 ? line : `${line.slice(0, 2)}…${line.slice(2 + from)}`
  return text.length > widest ? `${text.slice(0, widest - 1)}…` : text
}

/** Two long lines are shown from a little before the place where they part. */
const clipPair = (before: string, after: string): readonly string[] => {
  let parts = 2
  while (parts < before.length && before[parts] === after[parts]) parts++
  const from = parts > widest - 20 ? parts - 22 : 0
  return [clip(before, from), clip(after, from)]
}
