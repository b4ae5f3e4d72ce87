import { callSite, misuse } from './call-site.ts'
import type { Node, Quantity, ResourceSettings, TaskNode } from './program.ts'
import { sourceOf } from './references.ts'
import { partingOf, requireReachable } from './scopes.ts'
import type { Resources, Retry, Task } from './task.ts'
import { exitNodeOf, taskNodeOf } from './task-nodes.ts'
import type { Outputs } from './types.ts'

const cpuText = /^(\d*\.)?\d+m?$/
const memoryText = /^\d+(E|Ei|P|Pi|T|Ti|G|Gi|M|Mi|K|Ki)?$/
const countText = /^\d+$/

const quantity = (node: TaskNode, value: unknown, what: string, allowed: RegExp): Quantity => {
  const source = sourceOf(value)
  if (source !== undefined) {
    requireReachable(source, node.parent, `${what} of ${node.name}`)
    return source
  }
  const text = String(value)
  if (!allowed.test(text)) throw misuse(`${what} of ${node.name} cannot be "${text}"`)
  return text
}

const requireContainer = (node: TaskNode, what: string): void => {
  const { implementation, name } = node.component
  if (implementation.kind === 'executor' && implementation.executor['container'] !== undefined) return
  throw misuse(
    `${what} can be set on a task that runs a container; ${name} is ${implementation.kind === 'executor' ? 'none' : 'a pipeline'}`,
  )
}

const addResources = (node: TaskNode, wanted: Resources): ResourceSettings => {
  requireContainer(node, 'resources')
  const one = (value: unknown, name: keyof ResourceSettings, allowed: RegExp): ResourceSettings =>
    value === undefined ? {} : { [name]: quantity(node, value, name, allowed) }
  return {
    ...node.settings.resources,
    ...one(wanted.cpu, 'cpuLimit', cpuText),
    ...one(wanted.cpuRequest, 'cpuRequest', cpuText),
    ...one(wanted.memory, 'memoryLimit', memoryText),
    ...one(wanted.memoryRequest, 'memoryRequest', memoryText),
    ...one(wanted.accelerator?.type, 'acceleratorType', /./),
    ...one(wanted.accelerator?.count, 'acceleratorCount', countText),
  }
}

const checkRetry = (node: TaskNode, { attempts, ...waits }: Retry): void => {
  if (!Number.isInteger(attempts) || attempts < 0)
    throw misuse(`retry of ${node.name}: attempts is a whole number from 0`)
  for (const [name, value] of Object.entries(waits))
    if (typeof value === 'number' && !(value >= 0)) throw misuse(`retry of ${node.name}: ${name} cannot be ${value}`)
}

const addAfter = (node: TaskNode, other: unknown): void => {
  const target: Node | undefined = taskNodeOf(other) ?? exitNodeOf(other)
  if (target === undefined) throw misuse(`after() of ${node.name} takes tasks`)
  if (target === node) throw misuse(`${node.name} cannot come after itself`)
  const parting = partingOf(target, node)
  if (parting === undefined)
    throw misuse(`${node.name} cannot come after ${target.name}, which is part of another pipeline`)
  if (parting.to === parting.common || parting.from === node)
    throw misuse(`${node.name} cannot come after ${target.name}: the one holds the other`)
  // A branch that is not taken would never end; a loop or an exit handler itself does.
  const { from } = parting
  if (from !== target && from.kind !== 'loop')
    throw misuse(
      `${node.name} cannot come after ${target.name}, which is within ${from.kind === 'exit-handler' ? 'exitHandler' : 'If'}`,
      callSite(),
      'Let it come after a task outside of that group, or put it into the same group.',
    )
  node.after.push({ node: target, site: callSite() })
}

/** The task as its author sees it. */
export const settingsOf = <O extends Outputs>(node: TaskNode, outputs: Task<O>['outputs']): Task<O> => {
  const { settings } = node
  const then = (change: () => void): Task<O> => {
    change()
    return task
  }
  const task: Task<O> = {
    outputs,
    get output() {
      const names = Object.keys(node.component.outputs)
      if (names.length !== 1)
        throw misuse(
          `${node.name} has ${names.length === 0 ? 'no output' : `several outputs (${names.join(', ')}); say which: .outputs.${names[0]}`}`,
        )
      return outputs[names[0] as keyof O] as Task<O>['output']
    },
    after: (...others) =>
      then(() => {
        for (const other of others) addAfter(node, other)
      }),
    displayName: (name) => then(() => Object.assign(settings, { displayName: name })),
    caching: (enabled, options = {}) => then(() => Object.assign(settings, { cache: { enabled, ...options } })),
    retry: (policy) =>
      then(() => {
        checkRetry(node, policy)
        settings.retry = { backoffSeconds: 0, backoffFactor: 2, longestBackoffSeconds: 3600, ...policy }
      }),
    resources: (wanted) => then(() => Object.assign(settings, { resources: addResources(node, wanted) })),
    env: (variables) =>
      then(() => {
        requireContainer(node, 'env')
        Object.assign(settings.env, variables)
      }),
    ignoreUpstreamFailure: () => then(() => Object.assign(settings, { ignoresUpstreamFailure: true })),
  }
  return task
}
