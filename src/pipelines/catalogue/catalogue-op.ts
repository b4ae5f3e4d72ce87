import { type Component, componentFromSpec } from '../authoring/component.ts'
import type { Inputs, Outputs } from '../authoring/types.ts'
import { loadSpec } from './load-spec.ts'

/** A prebuilt component as a typed op. Its spec is read when the op is first used, so that a pipeline pays for its own. */
export const catalogueOp = <I extends Inputs, O extends Outputs>(op: string): Component<I, O> => {
  let made: Component<I, O> | undefined
  const load = (): Component<I, O> => {
    if (made === undefined) {
      const { name, component, executor } = loadSpec(op)
      made = componentFromSpec<I, O>(name, { component, executor })
    }
    return made
  }
  const call = (...given: Parameters<Component<I, O>>) => load()(...given)
  return Object.defineProperty(call, 'definition', { get: () => load().definition }) as Component<I, O>
}
