import { callSite } from './call-site.ts'
import { checkGiven } from './check-given.ts'
import type { ComponentDefinition } from './component.ts'
import { current } from './current-program.ts'
import { sanitized, uniqueName } from './names.ts'
import type { TaskNode } from './program.ts'
import { sourcesOf, toReferences } from './references.ts'
import { requireReachable } from './scopes.ts'
import type { Task } from './task.ts'
import { bindTask } from './task-nodes.ts'
import { settingsOf } from './task-settings.ts'
import type { Outputs } from './types.ts'

/** Adds a task to the group that is being written. Throws Fault `pipeline_invalid` at the caller's line. */
export const addTask = <O extends Outputs>(
  component: ComponentDefinition,
  given: Readonly<Record<string, unknown>>,
): Task<O> => {
  const { program, group } = current(`a task of ${component.name}`)
  const checked = checkGiven(component.name, component.inputs, given)
  for (const [name, value] of Object.entries(checked))
    for (const source of sourcesOf(value)) requireReachable(source, group, `input "${name}" of ${component.name}`)
  const node: TaskNode = {
    kind: 'task',
    name: uniqueName(sanitized(component.name) || 'task', program.tasks),
    component,
    given: checked,
    settings: { cache: { enabled: true }, resources: {}, env: {}, ignoresUpstreamFailure: false },
    after: [],
    parent: group,
    site: callSite(),
  }
  program.tasks.set(node.name, node)
  group.tasks.push(node)
  const outputs = toReferences(component.outputs, `the outputs of ${node.name}`, (name, type) => ({
    kind: 'output',
    task: node,
    name,
    type,
  }))
  const task = settingsOf<O>(node, outputs as Task<O>['outputs'])
  bindTask(task, node)
  return task
}
