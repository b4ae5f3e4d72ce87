import type { JsonObject } from '../domain/json.ts'
import { beginDag, noteFailure } from './begin.ts'
import { decideTask } from './decide.ts'
import type { ExecutionEvent, JobContext, TaskOutputs } from './execution.ts'
import type { Component, PipelineSpec } from './ir.ts'
import {
  type Draft,
  draftOf,
  type JobOptions,
  type JobState,
  newNode,
  rootPath,
  type Step,
  stepOf,
  updateNode,
} from './job-state.ts'
import { emptyTable } from './node-table.ts'
import { resolveJobParameters } from './parameters.ts'
import { endPauses, resumeDag, settleNode } from './settle.ts'
import { convertParameter, declaredType } from './values.ts'

const work = (draft: Draft): Step => {
  for (let i = 0; i < draft.todo.length; i++) {
    const next = draft.todo[i]
    const node = next === undefined ? undefined : draft.nodes.get(next.path)
    if (next === undefined || node === undefined) continue
    if (next.what === 'decide') decideTask(draft, node)
    else settleNode(draft, node)
  }
  return stepOf(draft)
}

/**
 * Begins a job. `parameters` are runtime parameters by name, checked and completed with the pipeline's defaults.
 * Throws Fault `pipeline_invalid` where one is missing, unknown or of another type.
 */
export const startJob = (
  spec: PipelineSpec,
  parameters: JsonObject,
  context: JobContext,
  options: JobOptions = {},
): Step => {
  const draft = draftOf({
    spec,
    context,
    failFast: options.failurePolicy === 'fast',
    cancelling: false,
    failure: null,
    ended: false,
    nodes: emptyTable(),
  })
  const root = newNode({
    path: rootPath,
    name: rootPath,
    parent: null,
    task: null,
    componentName: rootPath,
    component: spec.root,
    inputs: { parameters: resolveJobParameters(spec, parameters, context), artifacts: options.artifacts ?? {} },
  })
  beginDag(draft, root, spec.root.dag ?? {})
  return work(draft)
}

type Taken = { readonly ok: true; readonly outputs: TaskOutputs } | { readonly ok: false; readonly reason: string }

/** What an executor left, as declared: texts of output files become what their type says. */
const takeOutputs = (spec: PipelineSpec, component: Component, outputs: TaskOutputs): Taken => {
  const parameters: Record<string, TaskOutputs['parameters'][string]> = {}
  for (const [name, definition] of Object.entries(component.outputDefinitions?.parameters ?? {})) {
    const value = Object.hasOwn(outputs.parameters, name) ? outputs.parameters[name] : undefined
    if (value === undefined) continue
    const converted = convertParameter(value, declaredType(definition))
    if (!converted.ok) return { ok: false, reason: `its output "${name}": ${converted.reason}` }
    parameters[name] = converted.value
  }
  const isResolver = spec.deploymentSpec?.executors?.[component.executorLabel ?? '']?.resolver !== undefined
  const declared = Object.keys(component.outputDefinitions?.artifacts ?? {})
  const artifacts = Object.fromEntries(
    declared.flatMap((name) => {
      const list = Object.hasOwn(outputs.artifacts, name) ? outputs.artifacts[name] : undefined
      return list !== undefined ? [[name, list]] : isResolver ? [[name, []]] : []
    }),
  )
  return { ok: true, outputs: { parameters, artifacts } }
}

/**
 * The job after an event. An event for a task that isn't running changes nothing, so a journal may be replayed with
 * repetitions; the same events in the same order give the same state.
 */
export const advance = (state: JobState, event: ExecutionEvent): Step => {
  if (state.ended) return { state, effects: [] }
  const draft = draftOf(state)
  if (event.kind === 'cancel') {
    draft.cancelling = true
    endPauses(draft)
    return work(draft)
  }
  const node = draft.nodes.get(event.path)
  if (event.kind === 'resumed') {
    if (node === undefined || !node.pausing || node.tries !== event.failures) return { state, effects: [] }
    resumeDag(draft, node)
    return work(draft)
  }
  if (node === undefined || node.kind !== 'task' || node.state !== 'running') return { state, effects: [] }
  if (event.kind === 'failed') noteFailure(draft, node, event.error)
  else if (event.kind === 'cancelled') updateNode(draft, node, { state: 'cancelled' })
  else {
    const taken = takeOutputs(state.spec, node.component, event.outputs)
    if (taken.ok) updateNode(draft, node, { state: 'succeeded', outputs: taken.outputs })
    else {
      noteFailure(draft, node, taken.reason)
      draft.effects.push({ kind: 'group', path: node.path, name: node.name, state: 'failed', error: taken.reason })
    }
  }
  draft.todo.push({ what: 'settle', path: node.path })
  return work(draft)
}
