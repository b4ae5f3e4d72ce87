import { misuse } from './call-site.ts'
import type { GroupNode, PipelineProgram } from './program.ts'

// A pipeline's function runs at once and to its end, so "the group that is being written" is one stack per process.
const stack: { readonly program: PipelineProgram; readonly group: GroupNode }[] = []

/** The pipeline and the group that are being written. */
export const current = (what: string): { readonly program: PipelineProgram; readonly group: GroupNode } => {
  const top = stack.at(-1)
  if (top === undefined) throw misuse(`${what} belongs into the function of a pipeline()`)
  return top
}

/** Everything that `write` adds comes into the group. */
export const inGroup = <T>(program: PipelineProgram, group: GroupNode, write: () => T): T => {
  stack.push({ program, group })
  try {
    const result = write()
    if (result instanceof Promise)
      throw misuse('the function of a pipeline or a group cannot be async: it only writes down tasks')
    return result
  } finally {
    stack.pop()
  }
}

/** KFP's numbers for groups, one sequence for a pipeline. */
export const nextGroupNumber = (program: PipelineProgram): number => {
  program.groupNumber += 1
  return program.groupNumber
}
