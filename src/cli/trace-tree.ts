import type { DataObject } from '../domain/batch.ts'
import { formatTime } from '../domain/time.ts'
import type { Trace, TraceNode } from '../ledger/trace.ts'
import { paint, paintState } from './style.ts'

/** The way of a change for people: what led to it, then the tree of what came of it; what was asked for is marked. */
export const traceTree = ({ asked, causes, change }: Trace): readonly string[] => {
  const mark = (node: TraceNode): string =>
    node.kind === asked.kind && node.id === asked.id ? paint('bold', '▸ ') : ''
  const up = causes.flatMap((node) => [...lines(node, ''), '  ↓'])
  return [...up, ...subtree(change, '', '', mark)]
}

const subtree = (
  node: TraceNode,
  first: string,
  rest: string,
  mark: (node: TraceNode) => string,
): readonly string[] => {
  const [head = '', ...more] = lines(node, mark(node))
  const open = node.children.length > 0
  return [
    `${first}${head}`,
    ...more.map((line) => `${rest}${open ? '│' : ' '}${line}`),
    ...node.children.flatMap((child, i) => {
      const last = i === node.children.length - 1
      return subtree(child, `${rest}${last ? '└─ ' : '├─ '}`, `${rest}${last ? '   ' : '│  '}`, mark)
    }),
  ]
}

const lines = (
  { kind, id, what, state, reason, at, objects = [], objectCount = 0 }: TraceNode,
  mark: string,
): readonly string[] => [
  `${mark}${kind} ${id}  ${what}  ${paintState(state)}${at === null ? '' : paint('gray', `  ${formatTime(at)}`)}`,
  ...(reason === '' ? [] : [`    ${reason.replaceAll('\n', '\n      ')}`]),
  ...objects.map((object) => `    ${describeObject(object)}`),
  ...(objectCount > objects.length
    ? [`    and ${objectCount - objects.length} more: winnow batches ${id} has them all`]
    : []),
]

const describeObject = ({ uri, generation, size, checksum }: DataObject): string =>
  `${uri}#${generation}  ${size} bytes${checksum === undefined ? '' : `  ${checksum}`}`
