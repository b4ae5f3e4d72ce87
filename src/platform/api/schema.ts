import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isJsonObject, type JsonObject } from '../../domain/json.ts'

/** A field of a message: `type` is a scalar's name or the full name of a message or enum. */
export interface Field {
  readonly type: string
  readonly kind: 'scalar' | 'bytes' | 'message'
  readonly repeated: boolean
  readonly map: boolean
  /** Whether being absent differs from being empty: true of messages, of members of a oneof and of optional fields. */
  readonly presence: boolean
}

/** A `google.api.http` rule: how a method is called over HTTP. */
export interface HttpRule {
  readonly verb: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH'
  /** `/v1/{name=projects/*\/locations/*\/models/*}` */
  readonly path: string
  /** `*`, or the name (as the rule spells it) of the field that the body is. */
  readonly body: string | undefined
  readonly responseBody: string | undefined
}

export interface Method {
  readonly request: string
  readonly response: string
  readonly http: readonly HttpRule[]
}

/** Vertex AI's v1 messages and services as the official client describes them. */
export interface Schema {
  /** The whole description, as protobuf's JSON form. */
  readonly json: JsonObject
  fields(message: string): ReadonlyMap<string, Field> | undefined
  /** The names of an enum's values and their numbers; undefined for what is no enum. */
  values(type: string): ReadonlyMap<string, number> | undefined
  /** The full names of the services in a package. */
  services(inPackage: string): readonly string[]
  /** Methods by their names in camelCase. */
  methods(service: string): ReadonlyMap<string, Method>
}

export const readSchema = (): Schema => {
  const path = createRequire(import.meta.url).resolve('@google-cloud/aiplatform/build/protos/protos.json')
  const json = withoutBeta(JSON.parse(readFileSync(path, 'utf8')) as JsonObject)
  const messages = new Map<string, ReadonlyMap<string, Field>>()

  const fields = (message: string): ReadonlyMap<string, Field> | undefined => {
    const known = messages.get(message)
    if (known) return known
    const node = lookUp(json, message)
    if (!isJsonObject(node?.fields) && node?.values !== undefined) return undefined
    if (!node) return undefined
    const found = new Map<string, Field>()
    const groups = Object.values((node.oneofs ?? {}) as Record<string, { oneof: readonly string[] }>)
    const alternatives = new Set(groups.flatMap(({ oneof }) => oneof))
    for (const [name, field] of Object.entries((node.fields ?? {}) as JsonObject))
      if (isJsonObject(field)) found.set(name, describe(json, message, field, alternatives.has(name)))
    messages.set(message, found)
    return found
  }

  return {
    json,
    fields,
    values: (type) => {
      const declared = lookUp(json, type)?.values
      return isJsonObject(declared) ? new Map(Object.entries(declared) as [string, number][]) : undefined
    },
    services: (inPackage) =>
      Object.entries((lookUp(json, inPackage)?.nested ?? {}) as JsonObject).flatMap(([name, node]) =>
        isJsonObject(node) && node.methods !== undefined ? [`${inPackage}.${name}`] : [],
      ),
    methods: (service) => {
      const declared = lookUp(json, service)?.methods
      return new Map(
        Object.entries(isJsonObject(declared) ? declared : {}).map(([name, method]) => {
          const { requestType, responseType } = method as { requestType: string; responseType: string }
          return [
            name.charAt(0).toLowerCase() + name.slice(1),
            {
              request: resolve(json, service, requestType),
              response: resolve(json, service, responseType),
              http: httpRules(method as JsonObject),
            },
          ]
        }),
      )
    },
  }
}

/** The beta's messages are half of the file and no method here uses them. */
const withoutBeta = (json: JsonObject): JsonObject => {
  const remove = (node: JsonObject, path: readonly string[]): JsonObject => {
    const [first, ...rest] = path
    const { [first as string]: inner, ...others } = node.nested as JsonObject
    return {
      ...node,
      nested:
        rest.length === 0 || !isJsonObject(inner) ? others : { ...others, [first as string]: remove(inner, rest) },
    }
  }
  return remove(json, ['google', 'cloud', 'aiplatform', 'v1beta1'])
}

const verbs = ['get', 'put', 'post', 'delete', 'patch'] as const

const httpRules = ({ parsedOptions }: JsonObject): readonly HttpRule[] => {
  const options = (Array.isArray(parsedOptions) ? parsedOptions : []) as readonly JsonObject[]
  const rules = options.flatMap((option) => option['(google.api.http)'] ?? []) as readonly JsonObject[]
  return rules
    .flatMap((rule) => [rule, ...([rule['additional_bindings'] ?? []].flat() as readonly JsonObject[])])
    .flatMap((rule) => {
      const verb = verbs.find((known) => typeof rule[known] === 'string')
      if (verb === undefined) return []
      return {
        verb: verb.toUpperCase() as HttpRule['verb'],
        path: rule[verb] as string,
        body: rule['body'] as string | undefined,
        responseBody: rule['response_body'] as string | undefined,
      }
    })
}

const describe = (json: JsonObject, message: string, field: JsonObject, alternative: boolean): Field => {
  const type = field.type as string
  const full = scalars.has(type) ? type : resolve(json, message, type)
  const node = scalars.has(type) ? undefined : lookUp(json, full)
  const kind = type === 'bytes' ? 'bytes' : node && node.values === undefined ? 'message' : 'scalar'
  return {
    type: full,
    kind,
    repeated: field.rule === 'repeated',
    map: field.keyType !== undefined,
    presence: kind === 'message' || alternative,
  }
}

/** A name is looked for in the innermost scope first. */
const resolve = (json: JsonObject, scope: string, name: string): string => {
  for (let parts = scope.split('.'); ; parts = parts.slice(0, -1)) {
    const full = [...parts, name].join('.')
    if (lookUp(json, full)) return full
    if (parts.length === 0) return name
  }
}

const lookUp = (json: JsonObject, name: string): JsonObject | undefined => {
  let node: JsonObject = json
  for (const part of name.split('.')) {
    const inner = isJsonObject(node.nested) ? node.nested[part] : undefined
    if (!isJsonObject(inner)) return undefined
    node = inner
  }
  return node
}

const scalars = new Set([
  ...['double', 'float', 'int32', 'int64', 'uint32', 'uint64', 'sint32', 'sint64', 'fixed32', 'fixed64'],
  ...['sfixed32', 'sfixed64', 'bool', 'string', 'bytes'],
])
