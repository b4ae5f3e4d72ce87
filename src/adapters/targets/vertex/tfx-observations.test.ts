import { expect, it } from 'vitest'
import type { TaskView } from '../../../domain/run.ts'
import { evidenceFrom } from '../../../policies/evidence/evidence.ts'
import { tfxObservations } from './tfx-observations.ts'

const taskOf = (schemaTitle: string, metadata: TaskView['artifacts'][number]['metadata']): TaskView => ({
  id: '1',
  name: 'Evaluator',
  parent: null,
  state: 'succeeded',
  startedAt: 1,
  endedAt: 2,
  error: null,
  logUri: null,
  artifacts: [{ output: 'blessing', uri: 'file:///blessing', schemaTitle, metadata }],
})

it.each([
  ['tfx.ModelBlessing', { blessed: 1 }, { blessed: 1 }],
  ['tfx.ModelBlessing', { blessed: 0 }, { blessed: 0 }],
  // No word is no blessing.
  ['tfx.ModelBlessing', {}, { blessed: 0 }],
  ['tfx.InfraBlessing', { blessed: 'INFRA_BLESSED' }, { infraBlessed: 1 }],
  ['tfx.InfraBlessing', { blessed: 'INFRA_NOT_BLESSED' }, { infraBlessed: 0 }],
  ['tfx.ModelEvaluation', { accuracy: 0.9, path: '/x' }, { accuracy: 0.9 }],
  ['tfx.ModelEvaluation', {}, {}],
  ['system.Model', { blessed: 1 }, {}],
])('%s with %j is evidence of %j', (schemaTitle, metadata, metrics) => {
  expect(evidenceFrom(tfxObservations(taskOf(schemaTitle, metadata))).metrics).toEqual(metrics)
})
