import type { Json } from '../domain/json.ts'
import { beginComponent, failNode } from './begin.ts'
import type { TaskInputs } from './execution.ts'
import type { PipelineTask } from './ir.ts'
import { type Draft, isDraining, type Loop, type Node, newNode, updateNode } from './job-state.ts'
import type { PlaceholderScope } from './placeholders.ts'
import { convertParameter, declaredType, describeValue } from './values.ts'

type Items = { readonly ok: true; readonly items: Loop['items'] } | { readonly ok: false; readonly reason: string }

const parseItems = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

const parameterItems = (
  node: Node,
  iterator: NonNullable<PipelineTask['parameterIterator']>,
  inputs: TaskInputs,
): Items => {
  const { raw, inputParameter } = iterator.items
  const source = raw ?? (inputParameter === undefined ? undefined : inputs.parameters[inputParameter])
  const list = typeof source === 'string' ? parseItems(source) : source
  if (!Array.isArray(list)) {
    const origin = raw === undefined ? `its input "${inputParameter}"` : 'its list of items'
    const found = source === undefined ? 'has no value' : `is ${describeValue(list ?? source)}, not a list`
    return { ok: false, reason: `the loop cannot run: ${origin} ${found}` }
  }
  const type = declaredType(node.component.inputDefinitions?.parameters?.[iterator.itemInput])
  const values: Json[] = []
  for (const [index, item] of (list as readonly Json[]).entries()) {
    const converted = convertParameter(item, type)
    if (!converted.ok) return { ok: false, reason: `the loop cannot run: item ${index}: ${converted.reason}` }
    values.push(converted.value)
  }
  return { ok: true, items: { kind: 'parameter', values } }
}

const artifactItems = (iterator: NonNullable<PipelineTask['artifactIterator']>, inputs: TaskInputs): Items => {
  const values = inputs.artifacts[iterator.items.inputArtifact]
  if (values === undefined)
    return { ok: false, reason: `the loop cannot run: its input "${iterator.items.inputArtifact}" has no value` }
  return { ok: true, items: { kind: 'artifact', values } }
}

const turnInputs = (node: Node, { input, items }: Loop, index: number): TaskInputs => {
  const { parameters, artifacts } = node.inputs
  if (items.kind === 'parameter')
    return { parameters: { ...parameters, [input]: items.values[index] ?? null }, artifacts }
  const item = items.values[index]
  return { parameters, artifacts: { ...artifacts, [input]: item === undefined ? [] : [item] } }
}

const beginTurn = (draft: Draft, node: Node, loop: Loop, index: number): void => {
  const task = node.task
  if (task === null) return
  const path = `${node.path}[${index}]`
  const inputs = turnInputs(node, loop, index)
  const { name, componentName, component } = node
  const turn = newNode({ path, name, parent: node.path, task, componentName, component, inputs })
  draft.nodes.set(path, turn)
  const scope: PlaceholderScope = {
    job: draft.context,
    taskName: task.taskInfo?.name ?? name,
    get taskId() {
      return draft.context.taskId(path)
    },
    ...inputs,
    optional: new Set([
      ...Object.keys(component.inputDefinitions?.parameters ?? {}),
      ...Object.keys(component.inputDefinitions?.artifacts ?? {}),
    ]),
    outputFiles: {},
    outputArtifacts: {},
    executorInput: null,
    localPath: (uri) => uri,
  }
  beginComponent(draft, turn, task, scope)
}

/** Begins as many further turns as the limit allows. Settles the loop where none runs and none is left. */
export const continueLoop = (draft: Draft, path: string): void => {
  for (;;) {
    const node = draft.nodes.get(path)
    const loop = node?.loop ?? null
    if (node === undefined || loop === null || node.state !== 'running') return
    const left = loop.next < loop.items.values.length
    if (left && isDraining(draft)) {
      updateNode(draft, node, { halted: true, loop: { ...loop, next: loop.items.values.length } })
    } else if (left && node.open < loop.limit) {
      const begun = updateNode(draft, node, { open: node.open + 1, loop: { ...loop, next: loop.next + 1 } })
      beginTurn(draft, begun, loop, loop.next)
    } else {
      if (node.open === 0) draft.todo.push({ what: 'settle', path })
      return
    }
  }
}

/** Begins a loop whose inputs are resolved: `open` counts the turns that run. */
export const beginLoop = (draft: Draft, node: Node, task: PipelineTask): void => {
  const iterator = task.parameterIterator ?? task.artifactIterator
  const found =
    task.parameterIterator !== undefined
      ? parameterItems(node, task.parameterIterator, node.inputs)
      : task.artifactIterator !== undefined
        ? artifactItems(task.artifactIterator, node.inputs)
        : undefined
  if (found === undefined || iterator === undefined) return
  if (!found.ok) {
    failNode(draft, node, found.reason)
    return
  }
  const asked = task.iteratorPolicy?.parallelismLimit ?? 0
  const limit = asked > 0 ? asked : Number.POSITIVE_INFINITY
  const loop: Loop = { input: iterator.itemInput, items: found.items, limit, next: 0 }
  updateNode(draft, node, { kind: 'loop', state: 'running', loop })
  draft.effects.push({ kind: 'group', path: node.path, name: node.name, state: 'running', error: null })
  continueLoop(draft, node.path)
}
