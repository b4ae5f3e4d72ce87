// A persistent map from paths: a tree of 32 branches and three levels over the path's hash. A write copies the three
// short arrays on its way, so a job of n tasks costs about n writes of constant size while every earlier state stays
// as it was.

interface Entry<T> {
  readonly key: string
  value: T
}
type Leaf<T> = readonly Entry<T>[]
type Branch<T> = readonly (Branch<T> | Leaf<T> | undefined)[]

const width = 32
const levels = 3

const hashOf = (key: string): number => {
  let hash = 2166136261
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 16777619)
  return (hash ^ (hash >>> 15)) >>> 0
}

const branchAt = (hash: number, level: number): number => (hash >>> (5 * level)) % width

export interface NodeTable<T> {
  readonly root: Branch<T>
}

export const emptyTable = <T>(): NodeTable<T> => ({ root: new Array(width).fill(undefined) })

const leafOf = <T>(root: Branch<T>, hash: number): Leaf<T> | undefined => {
  let at: Branch<T> | undefined = root
  for (let level = 0; level < levels && at !== undefined; level++)
    at = at[branchAt(hash, level)] as Branch<T> | undefined
  return at as Leaf<T> | undefined
}

const leaves = function* <T>(branch: Branch<T>, level: number): Generator<Entry<T>> {
  for (const next of branch) {
    if (next === undefined) continue
    if (level === levels - 1) yield* next as Leaf<T>
    else yield* leaves(next as Branch<T>, level + 1)
  }
}

/** Every value, in no order that means anything. */
export const tableValues = function* <T>(table: NodeTable<T>): Generator<T> {
  for (const entry of leaves(table.root, 0)) yield entry.value
}

export interface TableDraft<T> {
  get(key: string): T | undefined
  set(key: string, value: T): void
  /** Every value, in no order that means anything. */
  values(): Iterable<T>
  /** The table with what was set; the one it was made of is unchanged. The draft is not to be used afterwards. */
  finish(): NodeTable<T>
}

export const draftTable = <T>(table: NodeTable<T>): TableDraft<T> => {
  // Arrays and entries made by this draft, which it may therefore write into.
  const own = new Set<object>()
  const claim = <A extends object>(part: A): A => {
    own.add(part)
    return part
  }
  let root = table.root
  const writable = (): (Branch<T> | Leaf<T> | undefined)[] => {
    if (!own.has(root)) root = claim([...root])
    return root as (Branch<T> | Leaf<T> | undefined)[]
  }
  const descend = (from: (Branch<T> | Leaf<T> | undefined)[], index: number, fresh: () => Branch<T>) => {
    let next = (from[index] as Branch<T> | undefined) ?? claim(fresh())
    if (!own.has(next)) next = claim([...next])
    from[index] = next
    return next as (Branch<T> | Leaf<T> | undefined)[]
  }
  return {
    get: (key) => leafOf(root, hashOf(key))?.find((entry) => entry.key === key)?.value,
    set: (key, value) => {
      const hash = hashOf(key)
      let at = writable()
      for (let level = 0; level < levels - 1; level++) {
        at = descend(at, branchAt(hash, level), () => new Array(width).fill(undefined))
      }
      const leaf = descend(at, branchAt(hash, levels - 1), () => []) as unknown as Entry<T>[]
      const index = leaf.findIndex((entry) => entry.key === key)
      const entry = leaf[index]
      if (entry === undefined) leaf.push(claim({ key, value }))
      else if (own.has(entry)) entry.value = value
      else leaf[index] = claim({ key, value })
    },
    values: () => tableValues({ root }),
    finish: () => ({ root }),
  }
}
