import type { Case, ModelEvidence, ReferenceEvidence } from '../../policies/gates/case.ts'
import type { ReferencePredictions, WithPredictions } from '../../policies/gates/side-by-side.ts'
import { answersOf } from '../../policies/measures/measure.ts'
import { mapColumns, type Predictions } from '../../policies/predictions/predictions.ts'

/** A case that is laid side by side, as plain data whose columns lie in memory that several threads see. */
export interface SharedCase extends Omit<Case, 'candidate' | 'references'> {
  readonly candidate: WithPredictions
  readonly references: Readonly<Record<string, ReferencePredictions>>
}

/** Columns that do not lie in such memory yet are copied there. */
export const shareCase = ({ candidate, references, ...rest }: Case): SharedCase => ({
  ...rest,
  candidate: shareModel(candidate),
  references: mapValues(references, (reference) =>
    reference.kind === 'known' ? { kind: 'known', ...shareModel(reference) } : reference,
  ),
})

/** The case again, on whichever thread: without the examples' names, which nothing asks for once they lie side by side. */
export const caseOf = ({ candidate, references, ...rest }: SharedCase): Case => ({
  ...rest,
  candidate: modelOf(candidate),
  references: mapValues(
    references,
    (reference): ReferenceEvidence =>
      reference.kind === 'known' ? { kind: 'known', ...modelOf(reference) } : reference,
  ),
})

const modelOf = ({ evidence, predictions }: WithPredictions): ModelEvidence => ({
  evidence,
  answers: predictions === null ? null : answersOf(predictions),
})

const shareModel = ({ evidence, answers }: ModelEvidence): WithPredictions => ({
  evidence,
  predictions: answers === null ? null : { ...mapColumns(answers.predictions as Predictions, share), ids: null },
})

const share = <T extends Int32Array | Float64Array>(column: T): T => {
  if (column.buffer instanceof SharedArrayBuffer) return column
  const copy = new (column.constructor as new (memory: SharedArrayBuffer) => T)(
    new SharedArrayBuffer(column.byteLength),
  )
  copy.set(column)
  return copy
}

const mapValues = <A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))
