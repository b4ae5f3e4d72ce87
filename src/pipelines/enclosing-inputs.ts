import type { Json } from '../domain/json.ts'
import { isJsonObject } from '../domain/json.ts'
import type { Draft, Node } from './job-state.ts'

/** An item that its loop declares to be a text is JSON in that text. */
const itemOf = (value: Json | undefined): Json | undefined => {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value) as Json
  } catch {
    return value
  }
}

/** What a group was given under a name; `items-loop-item-subvar-key` is also the member `key` of `items-loop-item`. */
const given = ({ inputs: { parameters } }: Node, name: string): Json | undefined => {
  if (Object.hasOwn(parameters, name)) return parameters[name]
  const [, base = '', key = ''] = /^(.+)-subvar-(.+)$/.exec(name) ?? []
  const item = itemOf(Object.hasOwn(parameters, base) ? parameters[base] : undefined)
  return isJsonObject(item) && Object.hasOwn(item, key) ? item[key] : undefined
}

/** A text's item of a loop over an output, which kfp hands in as if the output's task made it: `Output-loop-item`. */
export const loopItemOutput = (output: string): string | undefined =>
  /^(.+)-loop-item(?:-subvar-.+)?$/.exec(output)?.[1]

/**
 * The value of a channel that a group around a task was not given. kfp's compiler does not hand the items of outer loops
 * into an inner loop where only a text reads them. A channel has one name in a whole pipeline (the pipeline's own inputs
 * without the prefix), so it is looked up further out. What a group declares is not: it is optional there.
 */
export const enclosingInput = (draft: Draft, start: Node, name: string): Json | undefined => {
  const bare = name.replace(/^pipelinechannel--/, '')
  const isItem = name.includes('-subvar-')
  for (let group: Node | undefined = start; group !== undefined; ) {
    const value = given(group, name) ?? (bare === name ? undefined : given(group, bare))
    if (value !== undefined) return value
    if (!isItem && Object.hasOwn(group.component.inputDefinitions?.parameters ?? {}, name)) return undefined
    group = group.parent === null ? undefined : draft.nodes.get(group.parent)
  }
  return undefined
}
