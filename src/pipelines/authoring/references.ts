import { suggestName } from '../suggest-name.ts'
import { misuse } from './call-site.ts'
import type { Given, Source } from './program.ts'
import type { Outputs, Reference, References, StructType, ValueType } from './types.ts'

const sources = new WeakMap<object, Source>()

/** The source that a reference stands for; undefined for any other value. */
export const sourceOf = (value: unknown): Source | undefined =>
  typeof value === 'object' && value !== null ? sources.get(value) : undefined

const describe = (source: Source): string =>
  source.kind === 'output'
    ? `output "${source.name}" of ${source.task.name}`
    : source.kind === 'input'
      ? `input "${source.name}"`
      : `this ${source.kind}`

const refuseText = (source: Source) => (): never => {
  throw misuse(
    `${describe(source)} has no value yet, so it cannot be made a text here; write text\`…\${value}…\` instead of a plain template`,
  )
}

/** The names under which JavaScript and its tools ask any object who it is. */
const askedOfAll = new Set(['then', 'toJSON', 'asymmetricMatch', 'nodeType', 'constructor', 'inspect', '$$typeof'])

/** An object whose unknown members are faults, so that a misspelt name is told at its line in JavaScript too. */
export const strictRecord = <T extends object>(members: T, what: string): T =>
  new Proxy(members, {
    get(target, name) {
      if (typeof name === 'symbol' || Object.hasOwn(target, name)) return Reflect.get(target, name)
      if (askedOfAll.has(name)) return undefined
      throw misuse(`there is no "${name}" among ${what}${suggestName(name, Object.keys(target))}`)
    },
  })

const fieldType = (type: ValueType, name: string): ValueType => {
  const fields = (type as StructType).fields as Readonly<Record<string, ValueType>> | undefined
  return fields !== undefined && Object.hasOwn(fields, name) ? (fields[name] as ValueType) : { kind: 'STRING' }
}

/** An item of a loop over mappings gives its fields out by name. */
const withFields = (item: Source & { kind: 'item' }, self: object): object => {
  const { type } = item
  if (type.kind === 'ARTIFACT' || type.kind === 'ARTIFACT_LIST') return self
  const known = type.kind === 'STRUCT' ? type.fields : undefined
  const made = new Map<string, object>()
  return new Proxy(self, {
    get(target, name) {
      if (typeof name === 'symbol' || Object.hasOwn(target, name)) return Reflect.get(target, name)
      if (askedOfAll.has(name)) return undefined
      if (!/^[A-Za-z_]\w*$/.test(name)) throw misuse(`a field of a loop's item cannot be named "${name}"`)
      if (known !== undefined && !Object.hasOwn(known, name))
        throw misuse(`the loop's item has no field "${name}"${suggestName(name, Object.keys(known))}`)
      const field = made.get(name) ?? toReference({ kind: 'field', item, name, type: fieldType(type, name) })
      made.set(name, field)
      return field
    },
  })
}

export const toReference = <Type extends ValueType>(source: Source): Reference<Type> & object => {
  const self = Object.defineProperties(
    {},
    { [Symbol.toPrimitive]: { value: refuseText(source) }, toString: { value: refuseText(source) } },
  )
  const made = source.kind === 'item' ? withFields(source, self) : self
  sources.set(made, source)
  return made as Reference<Type> & object
}

export const toReferences = <Types extends Outputs>(
  types: Types,
  what: string,
  source: (name: string, type: ValueType) => Source,
): References<Types> =>
  strictRecord(
    Object.fromEntries(Object.entries(types).map(([name, type]) => [name, toReference(source(name, type))])),
    what,
  ) as unknown as References<Types>

export const givenOf = (value: unknown): Given => {
  const source = sourceOf(value)
  return source === undefined ? { literal: value } : { source }
}

/** The sources within a literal, such as a list with an output in it. */
export const sourcesWithin = (value: unknown): readonly Source[] => {
  const source = sourceOf(value)
  if (source !== undefined)
    return source.kind === 'text' ? source.parts.filter((part) => typeof part !== 'string') : [source]
  if (Array.isArray(value)) return value.flatMap(sourcesWithin)
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(sourcesWithin) : []
}

export const sourcesOf = (given: Given): readonly Source[] =>
  'literal' in given
    ? sourcesWithin(given.literal)
    : given.source.kind === 'text'
      ? given.source.parts.filter((part) => typeof part !== 'string')
      : [given.source]
