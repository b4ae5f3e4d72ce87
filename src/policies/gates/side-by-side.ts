import { answersOf } from '../measures/measure.ts'
import { alignPredictions, withClasses } from '../predictions/align.ts'
import type { Predictions } from '../predictions/predictions.ts'
import type { ModelEvidence, ReferenceEvidence } from './case.ts'

/** A model's evidence with its answers as they were read. */
export interface WithPredictions {
  readonly evidence: ModelEvidence['evidence']
  readonly predictions: Predictions | null
}

export type ReferencePredictions =
  | (WithPredictions & { readonly kind: 'known' })
  | { readonly kind: 'none' | 'unknown'; readonly reason: string }

export interface SideBySide {
  readonly candidate: ModelEvidence
  readonly references: Readonly<Record<string, ReferenceEvidence>>
}

/**
 * The candidate and what it is compared with, all over the same examples in the candidate's order and the same classes.
 * A model that answered other examples cannot be compared: it is unknown, for that reason.
 */
export const sideBySide = (
  candidate: WithPredictions,
  references: Readonly<Record<string, ReferencePredictions>>,
): SideBySide => {
  const { predictions } = candidate
  const aligned = Object.entries(references).map(([name, reference]): [string, ReferencePredictions] => {
    if (reference.kind !== 'known' || reference.predictions === null || predictions === null) return [name, reference]
    const laid = alignPredictions(predictions, reference.predictions)
    if (laid.ok) return [name, { ...reference, predictions: laid.other }]
    return [name, { kind: 'unknown', reason: `it did not answer the same examples: ${laid.reason}` }]
  })
  const tables = [
    predictions,
    ...aligned.map(([, reference]) => (reference.kind === 'known' ? reference.predictions : null)),
  ]
  const classes = [...new Set(tables.flatMap((table) => (table?.kind === 'classification' ? table.classes : [])))]
  const evidenceOf = ({ evidence, predictions: own }: WithPredictions): ModelEvidence => ({
    evidence,
    answers: own === null ? null : answersOf(predictions === null ? own : overClasses(own, classes)),
  })
  return {
    candidate: evidenceOf(candidate),
    references: Object.fromEntries(
      aligned.map(([name, reference]) => [
        name,
        reference.kind === 'known' ? { kind: 'known', ...evidenceOf(reference) } : reference,
      ]),
    ),
  }
}

const overClasses = (predictions: Predictions, classes: readonly string[]): Predictions => {
  if (predictions.kind !== 'classification') return predictions
  const same =
    classes.length === predictions.classes.length && classes.every((name, k) => predictions.classes[k] === name)
  return same ? predictions : withClasses(predictions, classes)
}
