import type { Dag, PipelineTask } from './ir.ts'

/** Who waits for whom in one DAG; made once for each DAG of a spec. */
export interface DagPlan {
  readonly tasks: ReadonlyMap<string, PipelineTask>
  readonly needs: ReadonlyMap<string, readonly string[]>
  readonly dependants: ReadonlyMap<string, readonly string[]>
}

/** The tasks of its DAG that a task waits for: those it names, and those whose outputs or state it reads. */
export const taskNeeds = (task: PipelineTask): readonly string[] => {
  const needs = new Set(task.dependentTasks ?? [])
  for (const input of Object.values(task.inputs?.parameters ?? {})) {
    const producer = input.taskOutputParameter?.producerTask ?? input.taskFinalStatus?.producerTask
    if (producer !== undefined) needs.add(producer)
  }
  for (const input of Object.values(task.inputs?.artifacts ?? {})) {
    if (input.taskOutputArtifact !== undefined) needs.add(input.taskOutputArtifact.producerTask)
  }
  return [...needs]
}

const plans = new WeakMap<Dag, DagPlan>()

export const planDag = (dag: Dag): DagPlan => {
  const known = plans.get(dag)
  if (known !== undefined) return known
  const tasks = new Map(Object.entries(dag.tasks ?? {}))
  const needs = new Map([...tasks].map(([name, task]) => [name, taskNeeds(task)]))
  const dependants = new Map<string, string[]>([...tasks.keys()].map((name) => [name, []]))
  for (const [name, upstream] of needs) for (const need of upstream) dependants.get(need)?.push(name)
  const plan = { tasks, needs, dependants }
  plans.set(dag, plan)
  return plan
}

/** The names on a circle of tasks that wait for each other, or undefined where there is none. */
export const findCycle = (plan: DagPlan): readonly string[] | undefined => {
  const waiting = new Map([...plan.needs].map(([name, needs]) => [name, needs.length]))
  const free = [...waiting].filter(([, count]) => count === 0).map(([name]) => name)
  for (let name = free.pop(); name !== undefined; name = free.pop()) {
    waiting.delete(name)
    for (const dependant of plan.dependants.get(name) ?? []) {
      const left = (waiting.get(dependant) ?? 0) - 1
      waiting.set(dependant, left)
      if (left === 0) free.push(dependant)
    }
  }
  let at = waiting.keys().next().value
  const trail: string[] = []
  while (at !== undefined && !trail.includes(at)) {
    trail.push(at)
    at = plan.needs.get(at)?.find((need) => waiting.has(need))
  }
  return at === undefined ? undefined : [...trail.slice(trail.indexOf(at)), at].reverse()
}
