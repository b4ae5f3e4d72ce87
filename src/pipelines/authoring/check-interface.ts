import { misuse } from './call-site.ts'
import { fitsLiteral, typeWords } from './check-given.ts'
import { typeOf } from './interface-spec.ts'
import { channelPrefix } from './names.ts'
import type { Inputs, Outputs } from './types.ts'

/** Inputs that KFP adds itself to tasks and pipelines. */
const reserved = new Set(['base_image', '__proto__', 'constructor', 'prototype'])

/** Names and defaults of a component or a pipeline. Throws Fault `pipeline_invalid` at the caller's line. */
export const checkInterface = (what: string, inputs: Inputs, outputs: Outputs): void => {
  for (const name of [...Object.keys(inputs), ...Object.keys(outputs)]) {
    if (reserved.has(name) || name.startsWith(channelPrefix))
      throw misuse(`${what}: the name "${name}" is taken by KFP itself`)
    if (!/^[A-Za-z_]\w*$/.test(name))
      throw misuse(`${what}: "${name}" cannot be a name: use letters, digits and underscores, not a digit first`)
    if (Object.hasOwn(inputs, name) && Object.hasOwn(outputs, name))
      throw misuse(`${what}: "${name}" names an input and an output; give one of them another name`)
  }
  for (const [name, input] of Object.entries(inputs)) {
    const type = typeOf(input)
    if ('default' in input && !fitsLiteral(input.default, type))
      throw misuse(
        `${what}: the default of "${name}" has to be ${typeWords(type)}, and is ${JSON.stringify(input.default)}`,
      )
  }
  for (const [name, type] of Object.entries(outputs))
    if (type.kind === 'TASK_FINAL_STATUS') throw misuse(`${what}: "${name}" cannot give out a final status`)
}
