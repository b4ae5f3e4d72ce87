import { noTriggerReason, type TriggerMatch } from '../../declarations/match-trigger.ts'
import type { PipelineDeclaration, WinnowYaml } from '../../declarations/winnow-yaml.ts'

export interface Found {
  readonly pipelines: readonly PipelineDeclaration[]
  /** Why these; or, where there is none, why not. */
  readonly reason: string
}

/** The pipelines whose trigger matches; the first one's reason stands for all, where none is given. */
export const matching = (
  yaml: WinnowYaml,
  reason: string | undefined,
  match: (pipeline: PipelineDeclaration) => TriggerMatch,
): Found => {
  const results = yaml.pipelines.map((pipeline) => ({ pipeline, match: match(pipeline) }))
  const matched = results.filter((result) => result.match.outcome === 'match')
  const [first] = matched
  if (first?.match.outcome === 'match')
    return { pipelines: matched.map(({ pipeline }) => pipeline), reason: reason ?? first.match.reason }
  const refused = results.flatMap(({ pipeline, match }) =>
    match.outcome === 'noMatch' ? [{ pipeline: pipeline.name, reason: match.reason }] : [],
  )
  return { pipelines: [], reason: noTriggerReason(refused) }
}
