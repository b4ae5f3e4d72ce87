import { stringify } from 'yaml'
import type { JsonObject } from '../../domain/json.ts'
import { findCycle, planDag } from '../dag-plan.ts'
import type { Component, Dag, PipelineSpec, PipelineTask } from '../ir.ts'
import { misuse } from './call-site.ts'
import { type Channels, createChannels } from './channels.ts'
import { conditionText } from './condition-text.ts'
import { executorOf } from './container-executor.ts'
import { definitionsOf, dependentTasks, outputsSpec } from './group-spec.ts'
import { interfaceSpec } from './interface-spec.ts'
import { mergePipeline, type SpecParts } from './merge-pipeline.ts'
import { componentName, executorLabel, uniqueName } from './names.ts'
import { type Pipeline, programOfPipeline } from './pipeline.ts'
import type { GroupNode, Node, PipelineProgram, Source, TaskNode } from './program.ts'
import { pythonJson } from './python-json.ts'
import { sourcesOf } from './references.ts'
import { chainOf, partingOf } from './scopes.ts'
import { createTaskArguments, inputsSpec } from './task-arguments.ts'
import { finalStatusOf, taskPolicies } from './task-spec.ts'

/** KFP's backends look at this; the IR is what this version of kfp emits. */
const sdkVersion = 'kfp-2.17.0'

type Direct = Exclude<Source, { kind: 'text' }>

const groupsWithin = (group: GroupNode): readonly GroupNode[] => [group, ...group.groups.flatMap(groupsWithin)]

/** A whole loop list is there in its group, so a condition on a field needs the item only. */
const conditionBase = (source: Direct): Direct =>
  source.kind === 'field' && 'source' in source.item.loop.items ? source.item : source

/** What groups read themselves: the list of a loop, the sides of conditions; for kfp's IR also those further out. */
const readConditions = (channels: Channels, group: GroupNode): void => {
  if (group.kind === 'loop') {
    if ('source' in group.items) channels.take(group.items.source as Direct, group)
    channels.addItem(group)
  }
  const compared = (node: GroupNode): readonly Direct[] =>
    node.kind === 'condition'
      ? node.conditions.flatMap(({ left, right }) => [...sourcesOf(left), ...sourcesOf(right)] as Direct[])
      : []
  for (const source of compared(group)) channels.take(source, group)
  if (group.tasks.length === 0) return
  for (const around of chainOf(group).slice(0, -1))
    for (const source of compared(around)) {
      const base = conditionBase(source)
      if (base.kind !== 'field') channels.reach(base, group)
    }
}

const afterNames = (node: Node): readonly string[] => {
  const tasks = node.kind === 'task' ? [node] : groupsWithin(node).flatMap((group) => group.tasks)
  return tasks.flatMap((task) =>
    task.after.flatMap(({ node: other }) => {
      const parting = partingOf(other, task)
      return parting !== undefined && parting.to === node ? [parting.from.name] : []
    }),
  )
}

const loopPolicy = (channels: Channels, group: GroupNode & { kind: 'loop' }): JsonObject => {
  const itemInput = channels.addItem(group)
  const limit = group.parallelism > 0 ? { iteratorPolicy: { parallelismLimit: group.parallelism } } : {}
  if ('raw' in group.items)
    return { ...limit, parameterIterator: { itemInput, items: { raw: pythonJson(group.items.raw, true) } } }
  const source = group.items.source as Direct
  const name = channels.channelName(source, group)
  return source.type.kind === 'ARTIFACT_LIST'
    ? { ...limit, artifactIterator: { itemInput, items: { inputArtifact: name } } }
    : { ...limit, parameterIterator: { itemInput, items: { inputParameter: name } } }
}

const requireNoCycle = (group: GroupNode, dag: Dag): void => {
  const cycle = findCycle(planDag(dag))
  if (cycle === undefined) return
  const tasks = groupsWithin(group).flatMap((inner) => inner.tasks)
  const last = tasks.flatMap((task) => task.after).at(-1)
  const site = tasks.flatMap((task) => task.after.filter(({ node }) => cycle.includes(node.name))).at(-1) ?? last
  throw misuse(`tasks wait for each other in a circle: ${cycle.join(' → ')}`, site?.site ?? group.site)
}

const compileProgram = (program: PipelineProgram): PipelineSpec => {
  const channels = createChannels()
  const parts: SpecParts = { components: new Map(), executors: new Map() }
  const groups = groupsWithin(program.body)
  const given = new Map([...program.tasks.values()].map((task) => [task, createTaskArguments(channels, task)]))
  for (const group of groups) readConditions(channels, group)
  const { outputs } = channels.interfaceOf(program.body)
  for (const [name, source] of Object.entries(program.outputs)) {
    const { producer, input } = channels.reach(source as Direct, program.body)
    const { outputParameterKey, outputArtifactKey } = (input['taskOutputParameter'] ??
      input['taskOutputArtifact']) as Record<string, string>
    const key = (outputParameterKey ?? outputArtifactKey) as string
    outputs.set(name, { type: source.type, selectors: [{ producer: producer as string, key }], oneOf: false })
  }

  const addComponent = (name: string, component: Component): string => {
    const unique = uniqueName(componentName(name), parts.components)
    parts.components.set(unique, component)
    return unique
  }

  const taskComponent = (task: TaskNode): Component => {
    const { implementation, spec } = task.component
    if (implementation.kind === 'pipeline') return mergePipeline(parts, compileProgram(implementation.program))
    if (implementation.kind === 'spec') return mergePipeline(parts, implementation.spec)
    const label = uniqueName(executorLabel(task.name), parts.executors)
    const quantities = given.get(task)?.quantities ?? {}
    parts.executors.set(label, executorOf(implementation.executor, task.settings, quantities))
    return { ...spec, executorLabel: label }
  }

  const taskSpec = (task: TaskNode): PipelineTask => {
    const inputs = new Map(given.get(task)?.inputs)
    const waits = dependentTasks([
      ...[...inputs.values()].flatMap(({ producer }) => (producer === undefined ? [] : [producer])),
      ...afterNames(task),
      ...(task.exitOf === undefined ? [] : [task.exitOf.name]),
    ])
    const status = finalStatusOf(task, (waits['dependentTasks'] as string[] | undefined) ?? [])
    if (status !== undefined) inputs.set(status[0], { kind: 'parameters', input: status[1] })
    const spec = inputsSpec(inputs)
    const component = taskComponent(task)
    return {
      ...taskPolicies(task),
      componentRef: { name: addComponent(task.name, component) },
      ...waits,
      ...(spec === undefined ? {} : { inputs: spec }),
      taskInfo: { name: task.settings.displayName ?? task.name },
    } as PipelineTask
  }

  const groupSpec = (group: Exclude<GroupNode, { kind: 'root' }>, component: string): PipelineTask => {
    const inputs = [...channels.interfaceOf(group).inputs].flatMap(([name, { from }]) =>
      from === null ? [] : [[name, from] as const],
    )
    const spec = inputsSpec(new Map(inputs))
    const producers = inputs.flatMap(([, { producer }]) => (producer === undefined ? [] : [producer]))
    const condition =
      group.kind === 'condition'
        ? {
            triggerPolicy: {
              condition: conditionText(group.conditions, (source) => channels.channelName(source as Direct, group)),
            },
          }
        : {}
    return {
      componentRef: { name: component },
      ...dependentTasks([...producers, ...afterNames(group)]),
      ...(spec === undefined ? {} : { inputs: spec }),
      ...condition,
      ...(group.kind === 'loop' ? loopPolicy(channels, group) : {}),
      taskInfo: { name: group.displayName ?? group.name },
    } as PipelineTask
  }

  const dagOf = (group: GroupNode): Dag => {
    // Names first, from the outside in, as kfp numbers them.
    const names = group.groups.map((inner) => addComponent(inner.name, {}))
    const tasks = Object.fromEntries(group.tasks.map((task) => [task.name, taskSpec(task)]))
    const exits = group.groups.flatMap((inner) => (inner.kind === 'exit-handler' ? [inner.exitTask] : []))
    const inner = group.groups.map((one, index) => {
      const name = names[index] as string
      parts.components.set(name, groupComponent(one))
      return [one.name, groupSpec(one as Exclude<GroupNode, { kind: 'root' }>, name)]
    })
    const exitTasks = Object.fromEntries(exits.map((task) => [task.name, taskSpec(task)]))
    const dag = {
      ...outputsSpec(channels.interfaceOf(group).outputs),
      tasks: { ...Object.fromEntries(inner), ...tasks, ...exitTasks },
    } as Dag
    requireNoCycle(group, dag)
    return dag
  }

  const groupComponent = (group: GroupNode): Component => {
    const { inputs, outputs: given } = channels.interfaceOf(group)
    const inputDefinitions = definitionsOf([...inputs].map(([name, { type }]) => [name, type] as const))
    const outputDefinitions = definitionsOf([...given].map(([name, { type }]) => [name, type] as const))
    return {
      dag: dagOf(group),
      ...(inputDefinitions === undefined ? {} : { inputDefinitions }),
      ...(outputDefinitions === undefined ? {} : { outputDefinitions }),
    } as Component
  }

  const types = Object.fromEntries(Object.entries(program.outputs).map(([name, { type }]) => [name, type]))
  const dag = dagOf(program.body)
  return {
    pipelineInfo: {
      name: program.name,
      ...(program.displayName === undefined ? {} : { displayName: program.displayName }),
      ...(program.description === undefined ? {} : { description: program.description }),
    },
    root: { dag, ...interfaceSpec(program.inputs, types) },
    components: Object.fromEntries(parts.components),
    deploymentSpec: { executors: Object.fromEntries(parts.executors) } as PipelineSpec['deploymentSpec'],
    ...(program.root === null ? {} : { defaultPipelineRoot: program.root }),
    schemaVersion: '2.1.0',
    sdkVersion,
  }
}

const programOf = (given: Pipeline): PipelineProgram => {
  const program = programOfPipeline(given)
  if (program === undefined) throw misuse('compile takes what pipeline() gives')
  return program
}

/** KFP's IR of a pipeline, schema 2.1.0. Throws Fault `pipeline_invalid` at the line of a misuse. */
export const compile = (given: Pipeline): PipelineSpec => compileProgram(programOf(given))

/** What the pipeline asks of Kubernetes besides the IR; null where it asks nothing. */
export const platformSpec = (given: Pipeline): JsonObject | null => {
  const { platform } = programOf(given)
  return platform === null ? null : { platforms: { kubernetes: platform } }
}

/** The file that kfp, Vertex AI and Kubeflow take. */
export const compileToYaml = (given: Pipeline): string => {
  const documents = [compile(given), platformSpec(given)].filter((document) => document !== null)
  return documents
    .map((document) => stringify(document, { aliasDuplicateObjects: false, version: '1.1' }))
    .join('---\n')
}
