import type { Observation } from '../../../domain/evidence.ts'
import type { Json, JsonObject } from '../../../domain/json.ts'
import type { ArtifactView, TaskView } from '../../../domain/run.ts'

/**
 * What TFX's evaluator and its check of the serving said: `blessed` and `infraBlessed`, 1 or 0, and the numbers
 * that a ModelEvaluation artifact has in its metadata. TFMA's own result files are not read.
 */
export const tfxObservations = (task: TaskView): readonly Observation[] =>
  task.artifacts.flatMap((artifact): Observation[] => {
    const metrics = metricsOf(artifact)
    if (metrics === undefined) return []
    return [{ source: { kind: 'TFX', name: artifact.uri, task: task.name }, slice: null, metrics }]
  })

const metricsOf = ({ schemaTitle, metadata }: ArtifactView): JsonObject | undefined => {
  switch (schemaTitle.replace(/^tfx\./, '')) {
    case 'ModelBlessing':
      return { blessed: flag(metadata['blessed']) }
    case 'InfraBlessing':
      return { infraBlessed: flag(metadata['blessed']) }
    case 'ModelEvaluation': {
      const numbers = Object.entries(metadata).filter(([, value]) => typeof value === 'number')
      return numbers.length === 0 ? undefined : Object.fromEntries(numbers)
    }
    default:
      return undefined
  }
}

/** A number or a word, by the version of TFX; whatever is no clear yes is a no. */
const flag = (value: Json | undefined): number =>
  value === 1 || value === true || value === '1' || value === 'INFRA_BLESSED' ? 1 : 0
