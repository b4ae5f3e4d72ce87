import { Fault } from '../../../domain/errors.ts'
import { isJsonObject, type JsonObject } from '../../../domain/json.ts'
import type { RuntimeArtifact } from '../../../pipelines/execution.ts'
import { containerScope } from '../../../pipelines/executor-input.ts'
import { resolveText } from '../../../pipelines/placeholders.ts'
import { noOutputs } from '../job.ts'
import type { Attempt } from '../task-attempt.ts'
import { parseArtifactQuery } from './artifact-query.ts'
import { earlierArtifacts } from './earlier-artifacts.ts'
import { neverCached, type Work } from './work.ts'

/** TFX's own formatting leaves one brace of the two around a placeholder. */
const withBothBraces = (filter: string): string => filter.replace(/(?<!\{)\{(\$\.[^{}]*)\}(?!\})/g, '{{$1}}')

const filterOf = ({ task, runtime, layout }: Attempt, output: string, queries: JsonObject): string => {
  const query = queries[output]
  const filter = isJsonObject(query) ? query['filter'] : undefined
  if (typeof filter !== 'string')
    throw new Fault('pipeline_invalid', `${task.name} has no query for its output ${output}`, {
      remedy: `give resolver.outputArtifactQueries a filter for ${output}`,
    })
  return resolveText(withBothBraces(filter), containerScope(task, runtime.context, layout))
}

/** Looks up the newest artifact of earlier jobs for each output. Finding none is no failure: it is what a first run finds. */
export const resolverWork = (queries: JsonObject): Work => ({
  basis: neverCached('a resolver looks up what is there now'),
  run: async (attempt) => {
    const known = await earlierArtifacts(attempt.runtime)
    const artifacts: Record<string, readonly RuntimeArtifact[]> = {}
    for (const output of Object.keys(attempt.task.outputs.artifacts)) {
      const filter = filterOf(attempt, output, queries)
      const found = known.find(parseArtifactQuery(filter))
      attempt.log(`${output}: ${found === undefined ? 'nothing' : found.uri} is the newest where ${filter}`)
      artifacts[output] = found === undefined ? [] : [found]
    }
    return { ...noOutputs, artifacts }
  },
})
