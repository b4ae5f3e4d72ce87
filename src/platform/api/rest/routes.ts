import { type Handler, type HandlerTable, serviceNames } from '../../services.ts'
import type { HttpRule, Schema } from '../schema.ts'
import { type Bindings, matchTemplate, type PathTemplate, parseTemplate } from './path-template.ts'

/** One way to call a method over HTTP. */
export interface Route {
  readonly service: string
  readonly method: string
  /** Undefined for a method of Vertex AI that the platform has not. */
  readonly handler: Handler | undefined
  readonly rule: HttpRule
  readonly template: PathTemplate
  readonly request: string
  readonly response: string
}

const aiplatform = 'google.cloud.aiplatform.v1'

/** Where operations are found is no part of the messages' description: each service of Google's says it for itself. */
const parents = ['projects/*/locations/*', 'projects/*/locations/*/*/*', 'projects/*/locations/*/*/*/*/*']
const operationRules: Readonly<Record<string, readonly [verb: HttpRule['verb'], ending: string, body?: string]>> = {
  listOperations: ['GET', 'operations'],
  getOperation: ['GET', 'operations/*'],
  deleteOperation: ['DELETE', 'operations/*'],
  cancelOperation: ['POST', 'operations/*:cancel', '*'],
  waitOperation: ['POST', 'operations/*:wait'],
}

const operationPaths = (method: string): readonly HttpRule[] => {
  const [verb, ending, body] = operationRules[method] ?? []
  if (verb === undefined || ending === undefined) return []
  const [path = '', custom] = ending.split(':')
  // Lists are asked for by the parent and `/operations`, which is the name.
  return parents.map((parent) => ({
    verb,
    path: `/v1/{name=${parent}/${path}}${custom === undefined ? '' : `:${custom}`}`,
    body,
    responseBody: undefined,
  }))
}

/** Every method of Vertex AI that HTTP can call, with its handler where there is one. */
export const routesOf = (schema: Schema, handlers: HandlerTable): readonly Route[] =>
  [...schema.services(aiplatform), serviceNames.Operations].flatMap((service) =>
    [...schema.methods(service)].flatMap(([method, { request, response, http }]) => {
      const rules = service === serviceNames.Operations ? operationPaths(method) : http
      return rules.map((rule) => ({
        service,
        method,
        handler: handlers[service]?.[method],
        rule,
        template: parseTemplate(rule.path),
        request,
        response,
      }))
    }),
  )

/** The route of a call, or the verbs with which its path can be called. */
export const findRoute = (
  routes: readonly Route[],
  verb: string,
  path: string,
): { readonly route: Route; readonly bindings: Bindings } | { readonly verbs: readonly string[] } => {
  const verbs = new Set<string>()
  for (const route of routes) {
    const bindings = matchTemplate(route.template, path)
    if (bindings === undefined) continue
    if (route.rule.verb === verb) return { route, bindings }
    verbs.add(route.rule.verb)
  }
  return { verbs: [...verbs] }
}
