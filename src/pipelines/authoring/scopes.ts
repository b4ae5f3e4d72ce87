import type { Fault } from '../../domain/errors.ts'
import { type CallSite, misuse, placeOf } from './call-site.ts'
import { type GroupNode, groupsAround, type Node, type Source } from './program.ts'

const groupWords: Record<GroupNode['kind'], string> = {
  root: 'the pipeline',
  branches: 'If',
  condition: 'If',
  loop: 'parallelFor',
  'exit-handler': 'exitHandler',
}

/** The group itself and those around it, the innermost first. */
export const chainOf = (group: GroupNode): readonly GroupNode[] => [group, ...groupsAround(group)]

/** The group in whose DAG a source is at hand; a collected one is at hand wherever its loop is a neighbour. */
export const homeOf = (source: Exclude<Source, { kind: 'text' | 'collected' }>): GroupNode => {
  switch (source.kind) {
    case 'input':
      return source.program.body
    case 'output':
      return source.task.parent
    case 'item':
      return source.loop
    case 'field':
      return source.item.loop
    case 'oneOf':
      return source.branches.parent as GroupNode
  }
}

/**
 * Where two nodes' ways to the root part: the innermost group around both, and what stands in it on each side.
 * Undefined for nodes of two pipelines.
 */
export const partingOf = (
  from: Node,
  to: Node | GroupNode,
): { readonly common: GroupNode; readonly from: Node; readonly to: Node | GroupNode } | undefined => {
  const fromChain: readonly (Node | GroupNode)[] = [from, ...groupsAround(from)]
  const toChain: readonly (Node | GroupNode)[] = [to, ...groupsAround(to)]
  const index = fromChain.findIndex((node, at) => at > 0 && toChain.includes(node))
  if (index < 0) return undefined
  const common = fromChain[index] as GroupNode
  const below = toChain[toChain.indexOf(common) - 1]
  return { common, from: fromChain[index - 1] as Node, to: below ?? common }
}

const nameOf = (source: Source): string => {
  switch (source.kind) {
    case 'input':
      return `input "${source.name}" of pipeline ${source.program.name}`
    case 'output':
      return `output "${source.name}" of ${source.task.name}`
    case 'item':
      return 'the item of a loop'
    case 'field':
      return `field "${source.name}" of a loop's item`
    case 'oneOf':
      return 'the outcome of oneOf'
    case 'collected':
      return `what is collected of ${nameOf(source.of)}`
    case 'text':
      return 'a text'
  }
}

const advice: Partial<Record<GroupNode['kind'], string>> = {
  branches: 'Give it out with oneOf(If(…).Else(…)), or use it inside the same branch.',
  condition: 'Give it out with oneOf(If(…).Else(…)), or use it inside the same branch.',
  loop: 'Give out a list of it with collected(parallelFor(…)), or use it inside the loop.',
  'exit-handler': 'Use it inside the same exitHandler.',
}

const elsewhere = (source: Source, what: string, site?: CallSite): Fault =>
  misuse(
    `${what}: ${nameOf(source)} belongs to another pipeline`,
    site,
    'Give it to this pipeline as an input, or take it from a task of this pipeline.',
  )

const outOfSight = (source: Source, home: GroupNode, group: GroupNode, what: string, site?: CallSite): Fault => {
  const chain = chainOf(group)
  const outside = chainOf(home).findLast((around) => !chain.includes(around))
  if (outside === undefined || outside.kind === 'root') return elsewhere(source, what, site)
  return misuse(
    `${what}: ${nameOf(source)} is known only within ${groupWords[outside.kind]} (${placeOf(outside.site)})`,
    site,
    advice[outside.kind] ?? 'Use it in the group where it is made.',
  )
}

/** Throws where a source cannot be reached from a group. */
export const requireReachable = (source: Source, group: GroupNode, what: string, site?: CallSite): void => {
  if (source.kind === 'text') {
    for (const part of source.parts) if (typeof part !== 'string') requireReachable(part, group, what, site)
    return
  }
  if (source.kind !== 'collected') {
    const home = homeOf(source)
    if (!chainOf(group).includes(home)) throw outOfSight(source, home, group, what, site)
    return
  }
  const producer = source.of.task
  const parting = partingOf(producer, group)
  if (parting === undefined) throw elsewhere(source, what, site)
  if (parting.from.kind !== 'loop') {
    const where =
      parting.from.kind === 'task' ? 'in no loop that is over here' : `within ${groupWords[parting.from.kind]} here`
    throw misuse(
      `${what}: ${nameOf(source)} cannot be collected: ${producer.name} is ${where}`,
      site,
      'Collect what a task inside parallelFor gives, outside of that loop.',
    )
  }
}
