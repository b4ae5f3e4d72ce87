import { checkTaskInputs } from './check-task-inputs.ts'
import { findCycle, planDag, taskNeeds } from './dag-plan.ts'
import { loopItemOutput } from './enclosing-inputs.ts'
import type { Component, Dag, PipelineSpec, PipelineTask } from './ir.ts'
import { suggestName } from './suggest-name.ts'

/** One thing that is wrong with a spec, and where in it. */
export interface Problem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

type Place = readonly (string | number)[]

const executorKinds = ['container', 'importer', 'resolver', 'customJob'] as const

const checkExecutor = (spec: PipelineSpec, name: string, component: Component, place: Place): Problem[] => {
  const label = component.executorLabel
  const what = name === 'root' ? 'the root' : `component "${name}"`
  if (component.dag !== undefined) return []
  if (label === undefined) return [{ path: place, message: `${what} has neither an executorLabel nor a dag` }]
  const executors = spec.deploymentSpec?.executors ?? {}
  const executor = Object.hasOwn(executors, label) ? executors[label] : undefined
  if (executor === undefined) {
    const message = `${what}: executorLabel names "${label}", which deploymentSpec.executors does not have${suggestName(label, Object.keys(executors))}`
    return [{ path: [...place, 'executorLabel'], message }]
  }
  if (executorKinds.some((kind) => executor[kind] !== undefined)) return []
  const kinds = Object.keys(executor).join(', ') || 'empty'
  const message = `executor "${label}" of ${what} is none of ${executorKinds.join(', ')} (it is: ${kinds})`
  return [{ path: ['deploymentSpec', 'executors', label], message }]
}

const checkProducers = (task: PipelineTask, name: string, dag: Dag, spec: PipelineSpec, place: Place): Problem[] => {
  const problems: Problem[] = []
  const tasks = dag.tasks ?? {}
  const check = (producer: string, output: string, kind: 'parameters' | 'artifacts', path: Place): void => {
    const component = Object.hasOwn(tasks, producer)
      ? spec.components?.[tasks[producer]?.componentRef.name ?? '']
      : undefined
    if (component === undefined) return
    const outputs = component.outputDefinitions?.[kind] ?? {}
    if (Object.hasOwn(outputs, output) || Object.hasOwn(outputs, loopItemOutput(output) ?? output)) return
    const message = `task "${name}": ${path.slice(-3).join('.')}: task "${producer}" has no output ${kind === 'parameters' ? 'parameter' : 'artifact'} "${output}"${suggestName(output, Object.keys(outputs))}`
    problems.push({ path, message })
  }
  for (const [key, { taskOutputParameter: from }] of Object.entries(task.inputs?.parameters ?? {})) {
    if (from !== undefined)
      check(from.producerTask, from.outputParameterKey, 'parameters', [...place, 'inputs', 'parameters', key])
  }
  for (const [key, { taskOutputArtifact: from }] of Object.entries(task.inputs?.artifacts ?? {})) {
    if (from !== undefined)
      check(from.producerTask, from.outputArtifactKey, 'artifacts', [...place, 'inputs', 'artifacts', key])
  }
  return problems
}

const checkTask = (
  spec: PipelineSpec,
  name: string,
  task: PipelineTask,
  around: Component,
  place: Place,
): Problem[] => {
  const dag = around.dag ?? {}
  const problems: Problem[] = []
  const components = spec.components ?? {}
  const component = task.componentRef.name
  if (!Object.hasOwn(components, component)) {
    const message = `task "${name}": componentRef names "${component}", which components does not have${suggestName(component, Object.keys(components))}`
    problems.push({ path: [...place, 'componentRef', 'name'], message })
  }
  for (const need of taskNeeds(task)) {
    if (Object.hasOwn(dag.tasks ?? {}, need)) continue
    const index = task.dependentTasks?.indexOf(need) ?? -1
    const message = `task "${name}" needs task "${need}", which its DAG does not have${suggestName(need, Object.keys(dag.tasks ?? {}))}`
    problems.push({ path: index < 0 ? [...place, 'inputs'] : [...place, 'dependentTasks', index], message })
  }
  return [
    ...problems,
    ...checkProducers(task, name, dag, spec, place),
    ...(Object.hasOwn(components, component)
      ? checkTaskInputs(name, task, components[component] ?? {}, around, place)
      : []),
  ]
}

const checkOutputs = (spec: PipelineSpec, dag: Dag, what: string, place: Place): Problem[] => {
  const problems: Problem[] = []
  const check = (producer: string, output: string, kind: 'parameters' | 'artifacts', path: Place): void => {
    if (Object.hasOwn(dag.tasks ?? {}, producer)) {
      const component = spec.components?.[dag.tasks?.[producer]?.componentRef.name ?? '']
      const outputs = component?.outputDefinitions?.[kind] ?? {}
      if (component === undefined || Object.hasOwn(outputs, output)) return
      const message = `an output of ${what} comes from "${output}" of task "${producer}", which it does not have${suggestName(output, Object.keys(outputs))}`
      problems.push({ path, message })
      return
    }
    const message = `an output of ${what} comes from task "${producer}", which its DAG does not have${suggestName(producer, Object.keys(dag.tasks ?? {}))}`
    problems.push({ path, message })
  }
  for (const [name, output] of Object.entries(dag.outputs?.parameters ?? {})) {
    const selectors = [
      ...(output.valueFromOneof?.parameterSelectors ?? []),
      ...(output.valueFromParameter === undefined ? [] : [output.valueFromParameter]),
    ]
    for (const { producerSubtask, outputParameterKey } of selectors)
      check(producerSubtask, outputParameterKey, 'parameters', [...place, 'outputs', 'parameters', name])
  }
  for (const [name, { artifactSelectors }] of Object.entries(dag.outputs?.artifacts ?? {})) {
    for (const { producerSubtask, outputArtifactKey } of artifactSelectors)
      check(producerSubtask, outputArtifactKey, 'artifacts', [...place, 'outputs', 'artifacts', name])
  }
  return problems
}

const checkDag = (spec: PipelineSpec, name: string, around: Component, place: Place): Problem[] => {
  const dag = around.dag ?? {}
  const what = name === 'root' ? 'the root' : `component "${name}"`
  const problems = Object.entries(dag.tasks ?? {}).flatMap(([key, task]) =>
    checkTask(spec, key, task, around, [...place, 'tasks', key]),
  )
  const cycle = problems.length === 0 ? findCycle(planDag(dag)) : undefined
  if (cycle !== undefined) {
    const message = `the tasks of ${what} wait for each other in a circle: ${cycle.join(' → ')}`
    problems.push({ path: [...place, 'tasks', cycle[0] ?? ''], message })
  }
  return [...problems, ...checkOutputs(spec, dag, what, place)]
}

/** A component whose DAG holds itself, however deep, would never end. */
const checkRecursion = (spec: PipelineSpec): Problem[] => {
  const components = spec.components ?? {}
  const done = new Set<string>()
  const visit = (name: string, trail: readonly string[]): Problem[] => {
    if (trail.includes(name)) {
      const message = `component "${name}" holds itself: ${[...trail.slice(trail.indexOf(name)), name].join(' → ')}`
      return [{ path: ['components', name], message }]
    }
    if (done.has(name)) return []
    done.add(name)
    return Object.values(components[name]?.dag?.tasks ?? {}).flatMap((task) =>
      visit(task.componentRef.name, [...trail, name]),
    )
  }
  return Object.keys(components).flatMap((name) => visit(name, []))
}

/** Everything in a well-formed spec that points at nothing or at itself. */
export const checkReferences = (spec: PipelineSpec): readonly Problem[] => {
  const all: readonly [string, Component, Place][] = [
    ['root', spec.root, ['root']],
    ...Object.entries(spec.components ?? {}).map(([name, component]): [string, Component, Place] => [
      name,
      component,
      ['components', name],
    ]),
  ]
  const problems = all.flatMap(([name, component, place]) => [
    ...checkExecutor(spec, name, component, place),
    ...(component.dag === undefined ? [] : checkDag(spec, name, component, [...place, 'dag'])),
  ])
  if (spec.root.dag === undefined) problems.push({ path: ['root'], message: 'the root of a pipeline must be a dag' })
  return problems.length > 0 ? problems : checkRecursion(spec)
}
