/** What stands left of one task: on its own row, and on the rows below it. */
interface Rails {
  readonly row: string
  readonly below: string
}

export interface RailNode {
  readonly name: string
  readonly needs: readonly string[]
  readonly layer: number
}

export interface RailPlan<Node extends RailNode> {
  /** In the order in which they are drawn: none before what it waits for. */
  readonly nodes: readonly Node[]
  /** One for each node; null where more lines would run side by side than can be followed. */
  readonly rails: readonly Rails[] | null
}

const mostLanes = 9
/** `train-2` before `train-10`. */
const inOrder = new Intl.Collator('en', { numeric: true }).compare

/**
 * Draws the edges of a DAG as lines that run down beside its tasks, one lane for each task whose output is still waited for.
 * Tasks come layer by layer; where that takes too many lanes, each as soon as it can after what it waits for.
 */
export const railPlan = <Node extends RailNode>(nodes: readonly Node[]): RailPlan<Node> => {
  const byLayer = [...nodes].sort((a, b) => a.layer - b.layer || inOrder(a.name, b.name))
  const layered = drawRails(byLayer)
  if (layered !== null) return { nodes: byLayer, rails: layered }
  const deep = depthFirst(byLayer)
  const followed = drawRails(deep)
  return followed === null ? { nodes: byLayer, rails: null } : { nodes: deep, rails: followed }
}

const depthFirst = <Node extends RailNode>(nodes: readonly Node[]): readonly Node[] => {
  const order: Node[] = []
  const done = new Set<string>()
  const visit = (node: Node): void => {
    if (done.has(node.name) || !node.needs.every((need) => done.has(need))) return
    done.add(node.name)
    order.push(node)
    for (const next of nodes) if (next.needs.includes(node.name)) visit(next)
  }
  for (const node of nodes) visit(node)
  return order
}

const drawRails = (nodes: readonly RailNode[]): readonly Rails[] | null => {
  const awaited = new Map<string, number>()
  for (const { needs } of nodes) for (const need of needs) awaited.set(need, (awaited.get(need) ?? 0) + 1)
  const lanes: (string | null)[] = []
  const rails: Rails[] = []
  for (const { name, needs } of nodes) {
    for (const need of needs) awaited.set(need, (awaited.get(need) ?? 0) - 1)
    const feeding = lanes.flatMap((lane, column) => (lane !== null && needs.includes(lane) ? [column] : []))
    const ending = new Set(feeding.filter((column) => awaited.get(lanes[column] as string) === 0))
    const free = [...ending][0] ?? lanes.indexOf(null)
    const column = free < 0 ? lanes.length : free
    const row = drawRow(lanes, column, feeding, ending)
    for (const end of ending) lanes[end] = null
    lanes[column] = (awaited.get(name) ?? 0) > 0 ? name : null
    while (lanes.at(-1) === null) lanes.pop()
    if (lanes.length > mostLanes) return null
    rails.push({ row, below: lanes.map((lane) => (lane === null ? ' ' : '│')).join(' ') })
  }
  return rails
}

const drawRow = (
  lanes: readonly (string | null)[],
  column: number,
  feeding: readonly number[],
  ending: ReadonlySet<number>,
): string => {
  const first = Math.min(column, ...feeding)
  const last = Math.max(column, ...feeding)
  const width = Math.max(lanes.length, column + 1)
  let row = ''
  for (let at = 0; at < width; at++) {
    const joined = feeding.includes(at)
    const within = at >= first && at <= last
    if (at === column) row += '●'
    else if (joined) row += corner(at < column, at === first || at === last, ending.has(at))
    else if ((lanes[at] ?? null) !== null) row += '│'
    else row += within ? '─' : ' '
    if (at < width - 1) row += at >= first && at < last ? '─' : ' '
  }
  return row.trimEnd()
}

const corner = (left: boolean, outermost: boolean, ends: boolean): string => {
  if (!outermost) return ends ? '┴' : '┼'
  if (left) return ends ? '╰' : '├'
  return ends ? '╯' : '┤'
}
