import { isJsonObject, type JsonObject } from '../../domain/json.ts'
import { parsePipeline } from '../parse-pipeline.ts'
import { readDocuments } from '../read-document.ts'
import { type Component, componentOf } from './component.ts'
import { containerFromV1 } from './component-yaml-v1.ts'
import { inputTypes, outputTypes } from './interface-spec.ts'
import { componentName, executorLabel } from './names.ts'
import type { Inputs, Outputs } from './types.ts'

/** The IR of one component is a pipeline of one task of it: that component is taken out again, as kfp does. */
const fromIr = <I extends Inputs, O extends Outputs>(text: string, file: string): Component<I, O> => {
  const { spec } = parsePipeline(text, file)
  const { name } = spec.pipelineInfo
  const single = spec.components?.[componentName(name)]
  const executor = spec.deploymentSpec?.executors?.[executorLabel(name)]
  const {
    executorLabel: _,
    dag: __,
    ...component
  } = single !== undefined && executor !== undefined ? single : spec.root
  return componentOf<I, O>({
    name,
    inputs: inputTypes(component),
    outputs: outputTypes(component),
    spec: component,
    implementation:
      single !== undefined && executor !== undefined
        ? { kind: 'executor', executor: executor as JsonObject }
        : { kind: 'spec', spec },
  })
}

/**
 * A component or a pipeline from a YAML text: compiled IR of kfp, or a component.yaml of KFP's first version. The types are
 * the caller's word: `componentFromYaml<{n: IntegerType}, {Output: StringType}>(text)`; without them everything goes.
 * Throws Fault `pipeline_invalid` with `file:line:column`.
 */
export const componentFromYaml = <I extends Inputs = any, O extends Outputs = any>(
  text: string,
  file = 'component.yaml',
): Component<I, O> => {
  const [first] = readDocuments(text, file)
  const value = first?.value
  if (isJsonObject(value) && value['implementation'] !== undefined) return containerFromV1<I, O>(value, file)
  return fromIr<I, O>(text, file)
}
