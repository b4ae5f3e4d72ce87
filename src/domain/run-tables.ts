import type { RunTable } from './evidence.ts'
import type { ArtifactView, TaskView } from './run.ts'

const named: Readonly<Record<string, RunTable['role']>> = {
  predictions: 'predictions',
  test_predictions: 'predictions',
  test: 'test',
  test_data: 'test',
  test_dataset: 'test',
  train: 'train',
  train_data: 'train',
  training_data: 'train',
  train_dataset: 'train',
}

/**
 * The tables that a run's artifacts are, the newest of each role first: those with metadata `winnow: predictions`,
 * `test` or `train`, then datasets that are called so. `label` in the metadata names the column of the truth.
 */
export const tablesOf = (tasks: readonly TaskView[]): readonly RunTable[] =>
  [...tasks]
    .filter(({ state }) => state === 'succeeded' || state === 'cached')
    .sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0))
    .flatMap((task) => task.artifacts.map((artifact) => ({ task, artifact, role: roleOf(artifact) })))
    .sort((a, b) => Number(isMarked(b.artifact)) - Number(isMarked(a.artifact)))
    .flatMap(({ task, artifact, role }): RunTable[] => {
      if (role === undefined || artifact.uri === '') return []
      const label = artifact.metadata['label']
      return [
        {
          role,
          uri: artifact.uri,
          label: typeof label === 'string' && label !== '' ? label : null,
          task: task.name,
          declared: true,
        },
      ]
    })

const isMarked = ({ metadata }: ArtifactView): boolean => metadata['winnow'] !== undefined

const roleOf = ({ output, schemaTitle, metadata }: ArtifactView): RunTable['role'] | undefined => {
  const marked = metadata['winnow']
  if (typeof marked === 'string')
    return marked === 'predictions' || marked === 'test' || marked === 'train' ? marked : undefined
  // A model or a metrics artifact may be called so, too.
  if (schemaTitle !== 'system.Dataset' && schemaTitle !== 'system.Artifact') return undefined
  return Object.hasOwn(named, output) ? named[output] : undefined
}
