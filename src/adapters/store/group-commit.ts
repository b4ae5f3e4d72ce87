interface Waiting<I, O> {
  readonly item: I
  readonly keys: readonly string[]
  readonly resolve: (output: O) => void
  readonly reject: (error: unknown) => void
}

export interface GroupCommit<I, O> {
  /**
   * Commits the items together, whole or not at all; one output for each, in their order. No two that are under way have
   * the same lane, a number from 0 on.
   */
  readonly commit: (items: readonly I[], lane: number) => Promise<readonly O[]>
  /** What an item has in common with those that it must not overtake: items with one of them are committed in their order. */
  readonly keysOf: (item: I) => readonly string[]
  /** True for a fault that may be one item's own: then each is committed alone, and only those that fail are refused. */
  readonly mayBeOne: (error: unknown) => boolean
  /** Items in one commit. */
  readonly most: number
  /** Commits under way at once; the second keeps the store at work while the first waits for the disk. */
  readonly lanes: number
  /** Puts the beginning of a commit off a little, so that what comes in the same moment is in it. */
  readonly gather: (begin: () => void) => void
}

/**
 * Items that come while a commit is under way share the next one. The first of them waits for
 * no commit, so an idle store answers as fast as it would without this.
 */
export const createGroupCommit = <I, O>(options: GroupCommit<I, O>): ((item: I) => Promise<O>) => {
  const { commit, keysOf, mayBeOne, most, lanes, gather } = options
  let queue: Waiting<I, O>[] = []
  const underWay = new Set<string>()
  const free = Array.from({ length: lanes }, (_, lane) => lane)

  const commitGroup = async (group: readonly Waiting<I, O>[], lane: number): Promise<void> => {
    try {
      const outputs = await commit(
        group.map(({ item }) => item),
        lane,
      )
      group.forEach(({ resolve }, i) => {
        resolve(outputs[i] as O)
      })
    } catch (error) {
      if (group.length > 1 && mayBeOne(error)) for (const one of group) await commitGroup([one], lane)
      else for (const { reject } of group) reject(error)
    }
  }

  /** The first items that overtake nobody, neither one that is being committed nor one that waits before them. */
  const takeGroup = (): readonly Waiting<I, O>[] => {
    const blocked = new Set(underWay)
    const group: Waiting<I, O>[] = []
    const rest: Waiting<I, O>[] = []
    for (const one of queue)
      if (group.length < most && !one.keys.some((key) => blocked.has(key))) group.push(one)
      else {
        for (const key of one.keys) blocked.add(key)
        rest.push(one)
      }
    queue = rest
    return group
  }

  const drain = async (lane: number): Promise<void> => {
    const group = takeGroup()
    if (group.length === 0) {
      free.push(lane)
      return
    }
    const keys = group.flatMap((one) => one.keys)
    for (const key of keys) underWay.add(key)
    await commitGroup(group, lane)
    for (const key of keys) underWay.delete(key)
    // What waited for these keys may be enough for several.
    for (const idle of [lane, ...free.splice(0)]) gather(() => void drain(idle))
  }

  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, keys: keysOf(item), resolve, reject })
      const lane = free.pop()
      if (lane !== undefined) gather(() => void drain(lane))
    })
}
