import { noOutputs } from './job.ts'
import { neverCached, type Work } from './work.ts'

/** Looks up artifacts of earlier runs: nothing is found here yet, which is what a first run finds. */
export const resolverWork = (): Work => ({
  basis: neverCached('a resolver looks up what is there now'),
  run: async ({ task }) => ({
    ...noOutputs,
    artifacts: Object.fromEntries(Object.keys(task.outputs.artifacts).map((output) => [output, []])),
  }),
})
