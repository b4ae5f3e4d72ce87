import type { GroupOptions } from './branches.ts'
import { callSite, misuse } from './call-site.ts'
import { current, inGroup, nextGroupNumber } from './current-program.ts'
import type { ExitHandlerNode } from './program.ts'
import { sourcesOf } from './references.ts'
import type { Task } from './task.ts'
import { bindExit, taskNodeOf } from './task-nodes.ts'

/** Work with an exit task; another task may come after it. */
export interface Exit {
  readonly exitTask: Task
}

/** Runs `exitTask` when the tasks that `write` adds have ended, however they ended. At the top of a pipeline only. */
export const exitHandler = (exitTask: Task, write: () => unknown, { name }: GroupOptions = {}): Exit => {
  const { program, group } = current('exitHandler')
  const task = taskNodeOf(exitTask)
  if (task === undefined) throw misuse('exitHandler takes a task and a function')
  if (group.kind !== 'root') throw misuse('exitHandler belongs to the top of a pipeline, not into another group')
  if (task.parent !== group || task.exitOf !== undefined)
    throw misuse(
      `${task.name} cannot be the exit task here: it ${task.exitOf === undefined ? 'is part of another group' : 'is one already'}`,
    )
  const fromTasks = Object.values(task.given).some((given) =>
    sourcesOf(given).some((source) => source.kind !== 'input'),
  )
  if (fromTasks || task.after.length > 0)
    throw misuse(`the exit task ${task.name} cannot depend on other tasks: it has to run whatever became of them`)
  const node: ExitHandlerNode = {
    kind: 'exit-handler',
    name: `exit-handler-${nextGroupNumber(program)}`,
    parent: group,
    groups: [],
    tasks: [],
    exitTask: task,
    site: callSite(),
    ...(name === undefined ? {} : { displayName: name }),
  }
  task.exitOf = node
  group.tasks.splice(group.tasks.indexOf(task), 1)
  group.groups.push(node)
  inGroup(program, node, write)
  const exit = { exitTask }
  bindExit(exit, node)
  return exit
}
