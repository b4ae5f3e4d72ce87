/** A line of a tree with those above it that it hangs from. */
interface Branch {
  /** Tells it from all others of the tree, whatever its state. */
  readonly key: string
  readonly words: string
  readonly above: readonly Branch[]
  readonly hasMembers: boolean
}

const branches = /^[\s│├└─]*/
/** A mark of one character, as tasks have. */
const mark = /^[^\s\w] /
const duration = /\s+[\d.]+ ?(ms|s|m|h)\b( \d+[sm])?/
const notBegun = '·'
const running = '▸'

const branchesOf = (lines: readonly string[]): readonly Branch[] => {
  const count = new Map<string, number>()
  const open: { indent: number; branch: Branch }[] = []
  return lines.map((line, index) => {
    const indentOf = (text: string): number => branches.exec(text)?.[0].length ?? 0
    const indent = indentOf(line)
    while ((open.at(-1)?.indent ?? -1) >= indent) open.pop()
    const above = open.map(({ branch }) => branch)
    const words = line.slice(indent).replaceAll(/ {3,}/g, '  ').trimEnd()
    const name = `${above.at(-1)?.key ?? ''}\n${words.replace(mark, '').split('  ', 1)[0]}`
    // Two runs may have one task's name, and so may two tries.
    const nth = (count.get(name) ?? 0) + 1
    count.set(name, nth)
    const branch = { key: `${name}#${nth}`, words, above, hasMembers: indentOf(lines[index + 1] ?? '') > indent }
    open.push({ indent, branch })
    return branch
  })
}

/**
 * What is new in a tree since it was last given, as lines of a log: a group comes before its members, indented, and once
 * more when another group's lines came between; its end comes after theirs. Durations tick on and are no news.
 */
export const newsOf = (): ((lines: readonly string[]) => readonly string[]) => {
  const told = new Map<string, string>()
  /** The keys of the last line's groups and its own. */
  let place: readonly string[] = []

  return (lines) => {
    const news: string[] = []
    const tell = ({ key, words, above }: Branch): void => {
      // How long it has run so far is of no use in a log.
      news.push('  '.repeat(above.length) + (words.startsWith(running) ? words.replace(duration, '') : words))
      told.set(key, words.replace(duration, ''))
      place = [...above.map((one) => one.key), key]
    }
    const tellBelow = (branch: Branch): void => {
      branch.above.forEach((one, depth) => {
        if (place[depth] !== one.key) tell(one)
      })
      tell(branch)
    }
    const isNews = ({ key, words }: Branch): boolean => told.get(key) !== words.replace(duration, '')
    const ending: Branch[] = []
    const tellEnds = (depth: number): void => {
      while ((ending.at(-1)?.above.length ?? -1) >= depth) {
        const ended = ending.pop() as Branch
        if (isNews(ended)) tellBelow(ended)
      }
    }
    for (const branch of branchesOf(lines)) {
      tellEnds(branch.above.length)
      if (branch.words.startsWith(notBegun) || !isNews(branch)) continue
      if (branch.hasMembers && told.has(branch.key)) ending.push(branch)
      else tellBelow(branch)
    }
    tellEnds(0)
    return news
  }
}
