import type { Json } from '../domain/json.ts'
import type { Problem } from './check-pipeline.ts'
import { checkCondition } from './conditions.ts'
import type { Component, PipelineTask } from './ir.ts'
import { suggestName } from './suggest-name.ts'
import { describeValue } from './values.ts'

type Place = Problem['path']

const namesOf = (source: { parameters?: object | undefined; artifacts?: object | undefined } | undefined): string[] =>
  [source?.parameters, source?.artifacts].flatMap((all) => Object.keys(all ?? {}))

const checkTrigger = (name: string, task: PipelineTask, component: Component, place: Place): Problem[] => {
  const condition = task.triggerPolicy?.condition ?? ''
  if (condition.trim() === '') return []
  const reason = checkCondition(condition, new Set([...namesOf(task.inputs), ...namesOf(component.inputDefinitions)]))
  return reason === undefined
    ? []
    : [{ path: [...place, 'triggerPolicy', 'condition'], message: `task "${name}": ${reason}` }]
}

const readItems = (raw: string): Json | undefined => {
  try {
    return JSON.parse(raw) as Json
  } catch {
    return undefined
  }
}

const checkIterator = (name: string, task: PipelineTask, component: Component, place: Place): Problem[] => {
  const { parameterIterator, artifactIterator } = task
  const kind = parameterIterator === undefined ? 'artifactIterator' : 'parameterIterator'
  const path = [...place, kind, 'items']
  const problem = (why: string): Problem[] => [{ path, message: `task "${name}": ${kind}.items: ${why}` }]
  if (parameterIterator !== undefined && artifactIterator !== undefined)
    return problem('a task loops over parameters or over artifacts, not over both')
  const { raw, inputParameter = undefined } = parameterIterator?.items ?? {}
  const list = raw === undefined ? [] : readItems(raw)
  if (!Array.isArray(list))
    return problem(list === undefined ? 'raw is not JSON' : `raw is ${describeValue(list)}, not a list`)
  const source = inputParameter ?? artifactIterator?.items.inputArtifact
  if (parameterIterator !== undefined && raw === undefined && source === undefined)
    return problem('it names neither raw items nor an inputParameter')
  const known = [...namesOf(task.inputs), ...namesOf(component.inputDefinitions)]
  if (source === undefined || known.includes(source)) return []
  return problem(`the task has no input "${source}"${suggestName(source, known)}`)
}

const checkRequired = (name: string, task: PipelineTask, component: Component, place: Place): Problem[] => {
  if (component.dag !== undefined) return []
  const given = new Set(namesOf(task.inputs))
  const item = task.parameterIterator?.itemInput ?? task.artifactIterator?.itemInput
  const { parameters = {}, artifacts = {} } = component.inputDefinitions ?? {}
  return [...Object.entries(parameters), ...Object.entries(artifacts)].flatMap(([input, definition]) => {
    const optional = definition.isOptional === true || definition['defaultValue'] !== undefined
    if (optional || given.has(input) || input === item) return []
    const message = `task "${name}" is given nothing for the required input "${input}" of component "${task.componentRef.name}"`
    return [{ path: [...place, 'inputs'], message }]
  })
}

const checkSources = (name: string, task: PipelineTask, around: Component, place: Place): Problem[] => {
  const known = Object.keys(around.inputDefinitions?.artifacts ?? {})
  return Object.entries(task.inputs?.artifacts ?? {}).flatMap(([input, { componentInputArtifact: source }]) => {
    if (source === undefined || known.includes(source)) return []
    const message = `task "${name}": inputs.artifacts.${input}: its DAG has no input artifact "${source}"${suggestName(source, known)}`
    return [{ path: [...place, 'inputs', 'artifacts', input], message }]
  })
}

/** What is wrong with how a task of the DAG `around` gets its inputs, its condition and its items. */
export const checkTaskInputs = (
  name: string,
  task: PipelineTask,
  component: Component,
  around: Component,
  place: Place,
): Problem[] =>
  [checkTrigger, checkIterator, checkRequired]
    .flatMap((check) => check(name, task, component, place))
    .concat(checkSources(name, task, around, place))
