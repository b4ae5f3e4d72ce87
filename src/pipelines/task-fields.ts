import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import { type GraphTask, loopOf } from './graph.ts'
import { originText, readableCondition } from './graph-origins.ts'
import type { Component, PipelineSpec, PipelineTask } from './ir.ts'

/** All that a task is, as texts by the name of what they say; a text of several lines is compared line by line. */
export type TaskFields = Readonly<Record<string, string>>

type NameOf = (path: string) => string

/** `nameOf` gives the names under which tasks are compared, so that a task that was only renamed changes nothing else. */
export const taskFields = (
  task: GraphTask,
  spec: PipelineSpec,
  platformSpec: JsonObject | null,
  nameOf: NameOf,
): TaskFields => {
  const component = spec.components?.[task.component] ?? {}
  const executor = spec.deploymentSpec?.executors?.[component.executorLabel ?? ''] as JsonObject | undefined
  const raw = taskOf(spec, task.path)
  const parent = task.path.slice(0, -task.name.length)
  const siblings = (names: readonly string[]): string =>
    names
      .map((name) => nameOf(`${parent}${name}`))
      .sort()
      .join(', ')
  const inputs = task.inputs.map(({ name, from, composed }): [string, string] => [
    `input ${name}`,
    composed ? JSON.stringify(constantOf(raw, name)) : from.map((origin) => originText(origin, nameOf)).join(' or '),
  ])
  return present({
    kind: task.group ?? task.kind,
    ...(task.group === null || task.group === 'pipeline' ? Object.fromEntries(inputs) : {}),
    ...interfaceFields(component, task),
    ...executorFields(executor),
    condition:
      task.condition === null ? '' : readableCondition(raw?.triggerPolicy?.condition ?? '', task.inputs, nameOf),
    'loop over': (raw === undefined ? null : loopOf(raw, task.inputs, nameOf))?.over ?? '',
    'at once': task.loop === null ? '' : String(task.loop.parallelism ?? 'all'),
    'runs always': task.always ? 'yes' : '',
    'waits for': siblings(task.needs),
    caching: task.kind === 'group' ? '' : cachingOf(raw),
    retries: raw?.retryPolicy === undefined ? '' : JSON.stringify(raw.retryPolicy),
    platform: wishesOf(platformSpec, component.executorLabel),
  })
}

const present = (fields: TaskFields): TaskFields =>
  Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== ''))

const taskOf = (spec: PipelineSpec, path: string): PipelineTask | undefined => {
  let component: Component | undefined = spec.root
  let task: PipelineTask | undefined
  for (const name of path.split('/')) {
    task = component?.dag?.tasks?.[name]
    component = spec.components?.[task?.componentRef.name ?? '']
  }
  return task
}

const constantOf = (task: PipelineTask | undefined, name: string): Json =>
  task?.inputs?.parameters?.[name]?.runtimeValue?.constant ?? null

const cachingOf = (task: PipelineTask | undefined): string => {
  const { enableCache, ...more } = (task?.cachingOptions ?? {}) as JsonObject
  return enableCache === true
    ? ['on', ...Object.entries(more).map(([key, value]) => `${key} ${value}`)].join(', ')
    : 'off'
}

/** What a task takes and gives; a group's own come and go with what is in it. */
const interfaceFields = (component: Component, task: GraphTask): TaskFields => {
  if (task.group !== null && task.group !== 'pipeline') return {}
  const of = (what: string, definitions: Component['inputDefinitions']): [string, string][] =>
    (['parameters', 'artifacts'] as const).flatMap((kinds) =>
      Object.entries(definitions?.[kinds] ?? {})
        .filter(([name]) => !name.startsWith('pipelinechannel--'))
        .map(([name, definition]): [string, string] => [`${what} ${name}`, describe(definition as JsonObject)]),
    )
  return Object.fromEntries([...of('takes', component.inputDefinitions), ...of('gives', component.outputDefinitions)])
}

const describe = (definition: JsonObject): string => {
  const { parameterType, type, artifactType, defaultValue, isOptional, description: _, ...more } = definition
  const title = isJsonObject(artifactType) ? (artifactType['schemaTitle'] ?? artifactType['instanceSchema']) : undefined
  const words = [String(parameterType ?? type ?? title ?? 'artifact')]
  if (defaultValue !== undefined) words.push(`= ${JSON.stringify(defaultValue)}`)
  else if (isOptional === true) words.push('optional')
  for (const [key, value] of Object.entries(more)) words.push(`${key} ${JSON.stringify(value)}`)
  return words.join(' ')
}

const executorFields = (executor: JsonObject | undefined): TaskFields => {
  const { container, ...others } = executor ?? {}
  const fields: Record<string, string> = {}
  for (const [kind, value] of Object.entries(others)) fields[kind] = JSON.stringify(value, null, 1)
  if (!isJsonObject(container)) return fields
  for (const [key, value] of Object.entries(container))
    fields[key] = Array.isArray(value) ? linesOf(value) : typeof value === 'string' ? value : JSON.stringify(value)
  return fields
}

/** A command's words, the lines of a source among them. */
const linesOf = (words: readonly Json[]): string =>
  words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))).join('\n')

const wishesOf = (platformSpec: JsonObject | null, executorLabel: string | undefined): string => {
  if (platformSpec === null || executorLabel === undefined) return ''
  const platforms = isJsonObject(platformSpec['platforms']) ? platformSpec['platforms'] : {}
  const wishes = Object.entries(platforms).flatMap(([platform, config]) => {
    let at: Json | undefined = config
    for (const key of ['deploymentSpec', 'executors', executorLabel]) at = isJsonObject(at) ? at[key] : undefined
    return at === undefined ? [] : [`${platform}: ${JSON.stringify(at)}`]
  })
  return wishes.join('\n')
}
