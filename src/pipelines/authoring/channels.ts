import type { JsonObject } from '../../domain/json.ts'
import { definitionOf } from './interface-spec.ts'
import { channelPrefix } from './names.ts'
import { type GroupNode, groupsAround, type LoopNode, type Node, type Source } from './program.ts'
import { homeOf, partingOf } from './scopes.ts'
import type { ValueType } from './types.ts'

// A DAG of the IR sees its own tasks and inputs only. So whatever a task takes from further out is handed down through an
// input of each group between; whatever goes out of branches and loops is handed up through an output of each.

/** What a task or a group takes under one name. */
export interface Channel {
  readonly kind: 'parameters' | 'artifacts'
  /** The input as a task of the IR has it. */
  readonly input: JsonObject
  /** The task or group next door that it comes from. */
  readonly producer?: string
}

interface GroupInput {
  readonly type: ValueType
  /** Null for the item of a loop, which the loop itself fills in. */
  readonly from: Channel | null
}
export interface GroupOutput {
  readonly type: ValueType
  readonly selectors: readonly { readonly producer: string; readonly key: string }[]
  readonly oneOf: boolean
}
export interface GroupInterface {
  readonly inputs: Map<string, GroupInput>
  readonly outputs: Map<string, GroupOutput>
}

type Direct = Exclude<Source, { kind: 'text' }>

const kindOf = (type: ValueType): 'parameters' | 'artifacts' => definitionOf(type).kind

const componentInput = (name: string, type: ValueType): Channel =>
  kindOf(type) === 'parameters'
    ? { kind: 'parameters', input: { componentInputParameter: name } }
    : { kind: 'artifacts', input: { componentInputArtifact: name } }

const taskOutput = (producer: string, key: string, type: ValueType): Channel =>
  kindOf(type) === 'parameters'
    ? {
        kind: 'parameters',
        producer,
        input: { taskOutputParameter: { producerTask: producer, outputParameterKey: key } },
      }
    : { kind: 'artifacts', producer, input: { taskOutputArtifact: { producerTask: producer, outputArtifactKey: key } } }

const fullNameOfItem = ({ items }: LoopNode): string =>
  'raw' in items ? items.name : `${fullName(items.source as Direct)}-loop-item`

const surfacedName = (output: Source & { kind: 'output' }): string =>
  `${channelPrefix}${output.task.name}-${output.name}`

/** kfp's name for a source, unique in a pipeline. */
const fullName = (source: Direct, top?: Node): string => {
  switch (source.kind) {
    case 'input':
      return source.name
    case 'output':
      return `${source.task.name}-${source.name}`
    case 'item':
      return fullNameOfItem(source.loop)
    case 'field':
      return `${fullNameOfItem(source.item.loop)}-subvar-${source.name}`
    case 'oneOf':
      return `${source.branches.name}-${source.key}`
    case 'collected':
      return `${top?.name}-${surfacedName(source.of)}`
  }
}

export const createChannels = () => {
  const interfaces = new Map<GroupNode, GroupInterface>()

  const interfaceOf = (group: GroupNode): GroupInterface => {
    const known = interfaces.get(group)
    if (known !== undefined) return known
    const made = { inputs: new Map(), outputs: new Map() }
    interfaces.set(group, made)
    return made
  }

  /** Hands an output up, from the group of its task to `top`; gives the name that it then has. */
  const surface = (output: Source & { kind: 'output' }, top: GroupNode, type: ValueType): string => {
    const name = surfacedName(output)
    let from = { producer: output.task.name, key: output.name }
    for (const group of groupsAround(output.task)) {
      interfaceOf(group).outputs.set(name, { type, selectors: [from], oneOf: false })
      from = { producer: group.name, key: name }
      if (group === top) break
    }
    return name
  }

  const surfaceOneOf = (source: Source & { kind: 'oneOf' }): void => {
    const { outputs } = interfaceOf(source.branches)
    if (outputs.has(source.key)) return
    const selectors = source.options.map((option) => {
      const around = groupsAround(option.task)
      const branch = around[around.indexOf(source.branches) - 1] as GroupNode
      return { producer: branch.name, key: surface(option, branch, option.type) }
    })
    outputs.set(source.key, { type: source.type, selectors, oneOf: true })
  }

  /** Where a source is at hand, as seen from a group, and how it is taken there. */
  const atHome = (source: Direct, group: GroupNode): { home: GroupNode; top?: Node; take: () => Channel } => {
    if (source.kind === 'collected') {
      const parting = partingOf(source.of.task, group)
      if (parting === undefined) throw new Error(`${fullName(source)} is collected from another pipeline`)
      const top = parting.from
      return {
        home: parting.common,
        top,
        take: () => taskOutput(top.name, surface(source.of, top as GroupNode, source.type), source.type),
      }
    }
    const take = (): Channel => {
      switch (source.kind) {
        case 'input':
          return componentInput(source.name, source.type)
        case 'output':
          return taskOutput(source.task.name, source.name, source.type)
        case 'item':
          return componentInput(`${channelPrefix}${fullName(source)}`, source.type)
        case 'field':
          return withField(componentInput(`${channelPrefix}${fullName(source.item)}`, source.type), source.name)
        case 'oneOf':
          surfaceOneOf(source)
          return taskOutput(source.branches.name, source.key, source.type)
      }
    }
    return { home: homeOf(source), take }
  }

  const withField = (item: Channel, name: string): Channel => ({
    ...item,
    input: { ...item.input, parameterExpressionSelector: `parseJson(string_value)["${name}"]` },
  })

  /** How something in a group's DAG takes a source; makes the inputs and outputs of groups that this needs. */
  const reach = (source: Direct, group: GroupNode): Channel => {
    if (source.kind === 'field') return withField(reach(source.item, group), source.name)
    const { home, top, take } = atHome(source, group)
    if (home === group) return take()
    const name = `${channelPrefix}${fullName(source, top)}`
    const { inputs } = interfaceOf(group)
    if (!inputs.has(name)) inputs.set(name, { type: source.type, from: reach(source, group.parent as GroupNode) })
    return componentInput(name, source.type)
  }

  /** Gives a group an input for what its condition or its loop itself reads; returns the input's name. */
  const take = (source: Direct, group: GroupNode): string => {
    const name = channelName(source, group)
    interfaceOf(group).inputs.set(name, { type: source.type, from: reach(source, group.parent as GroupNode) })
    return name
  }

  /** The name of the input under which a source is handed on. */
  const channelName = (source: Direct, group: GroupNode): string => {
    const { top } = atHome(source, group)
    return `${channelPrefix}${fullName(source, top)}`
  }

  const addItem = (loop: LoopNode): string => {
    const name = `${channelPrefix}${fullNameOfItem(loop)}`
    interfaceOf(loop).inputs.set(name, { type: loop.itemType, from: null })
    return name
  }

  return { interfaceOf, reach, take, channelName, addItem }
}

export type Channels = ReturnType<typeof createChannels>
