import type { JsonObject } from '../../domain/json.ts'
import type { Component, PipelineSpec } from '../ir.ts'
import { uniqueName } from './names.ts'

/** What all tasks of a pipeline share in the IR. */
export interface SpecParts {
  readonly components: Map<string, Component>
  readonly executors: Map<string, JsonObject>
}

const withRefs = (component: Component, names: ReadonlyMap<string, string>): Component => {
  if (component.dag === undefined) return component
  const tasks = Object.entries(component.dag.tasks ?? {}).map(([task, spec]) => {
    const name = spec.componentRef.name
    return [task, { ...spec, componentRef: { ...spec.componentRef, name: names.get(name) ?? name } }]
  })
  return { ...component, dag: { ...component.dag, tasks: Object.fromEntries(tasks) } }
}

/** Takes the components and executors of a whole pipeline in, under names that are new here; gives its root back. */
export const mergePipeline = ({ components, executors }: SpecParts, inner: PipelineSpec): Component => {
  const labels = new Map<string, string>()
  for (const [label, executor] of Object.entries(inner.deploymentSpec?.executors ?? {})) {
    const renamed = uniqueName(label, executors)
    labels.set(label, renamed)
    executors.set(renamed, executor as JsonObject)
  }
  const names = new Map<string, string>()
  for (const name of Object.keys(inner.components ?? {})) {
    const taken = {
      has: (other: string) =>
        components.has(other) || [...names.values()].includes(other) || other in (inner.components ?? {}),
    }
    names.set(name, components.has(name) ? uniqueName(name, taken) : name)
  }
  for (const [name, component] of Object.entries(inner.components ?? {})) {
    const { executorLabel } = component
    const label = executorLabel === undefined ? {} : { executorLabel: labels.get(executorLabel) ?? executorLabel }
    components.set(names.get(name) as string, { ...withRefs(component, names), ...label })
  }
  return withRefs(inner.root, names)
}
