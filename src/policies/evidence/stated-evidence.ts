import * as z from 'zod'
import { didYouMean } from '../../declarations/describe-issue.ts'
import type { Place } from '../../declarations/load-yaml.ts'
import type { DocumentPath, PlacedFault } from '../../declarations/placed-fault.ts'
import type { ConfusionMatrix } from '../../domain/evidence.ts'
import type { ModelEvidence } from '../gates/case.ts'
import { findMetric, metricNames, winnowSpelling } from '../language/metrics.ts'
import { classMetrics, wholeMetrics } from './confusion.ts'

// Numbers that somebody states of a model: in a file beside a table of predictions, or in a test of a policy.

/** A case may state that a number is none, `.nan`: that is what a gate must refuse. */
const number = z.union([z.number(), z.nan()], { error: 'a number' })
const byName = z.record(z.string().min(1).max(200), number)

const value = z.union(
  [
    number,
    z.record(z.string().min(1).max(200), z.union([number, byName], { error: 'a number, or a mapping of numbers' })),
  ],
  {
    error: 'a number, or a mapping with the number of each class',
  },
)

/** `{ accuracy: 0.9, recall: { a: 0.8 }, data: { rows: 1200 } }`, or `data.rows: 1200`. */
export const StatedMetrics = z.record(z.string().min(1).max(200), value)
export type StatedMetrics = z.infer<typeof StatedMetrics>

export const StatedConfusion = z
  .strictObject({
    labels: z.array(z.string().min(1)).min(1).max(1_000),
    rows: z.array(z.array(z.int().min(0))).describe('rows are the true class, columns the predicted one'),
  })
  .refine(({ labels, rows }) => rows.length === labels.length && rows.every((row) => row.length === labels.length), {
    error: 'expected as many rows, and as many numbers in each, as there are labels',
  })
export type StatedConfusion = z.infer<typeof StatedConfusion>

/** Names whose members are metrics of their own: `data: { rows: 3 }` is `data.rows`. */
const groups: readonly string[] = ['data', 'latency', 'model']

/**
 * What is stated, with all that a confusion matrix gives besides. `own` are metrics that the policy asks for by names of
 * the pipeline. A name that is meant for another is a fault; with `strict`, each that is neither Winnow's nor among those.
 */
export const statedEvidence = (
  written: StatedMetrics,
  confusion: ConfusionMatrix | null,
  own: readonly string[],
  path: DocumentPath,
  place: Place,
  strict = false,
): { readonly evidence: ModelEvidence['evidence']; readonly faults: PlacedFault[] } => {
  const faults: PlacedFault[] = []
  const counted = confusion?.rows.flat().some((count) => count > 0) ? confusion : null
  const metrics = new Map<string, number>(Object.entries(counted === null ? {} : wholeMetrics(counted)))
  const perClass = new Map<string, Readonly<Record<string, number>>>(
    Object.entries(counted === null ? {} : classMetrics(counted)),
  )
  const take = (name: string, given: unknown, at: DocumentPath): void => {
    if (typeof given === 'number') {
      const fault = nameFault(name, own, strict)
      if (fault !== undefined) faults.push(place(at, fault, 'key'))
      else if (findMetric(name)?.over === 'each')
        faults.push(place(at, `expected a mapping with the ${name} of each class, got ${given}`))
      else metrics.set(name, given)
    } else if (groups.includes(name)) {
      for (const [member, one] of Object.entries(given as object)) take(`${name}.${member}`, one, [...at, member])
    } else if (findMetric(name) !== undefined && findMetric(name)?.over !== 'whole')
      perClass.set(name, given as Record<string, number>)
    else faults.push(place(at, nameFault(name, own, strict) ?? `${name} is one number`, 'key'))
  }
  for (const [name, given] of Object.entries(written)) take(name, given, [...path, name])
  return {
    evidence: { metrics: Object.fromEntries(metrics), perClass: Object.fromEntries(perClass), confusion },
    faults,
  }
}

const nameFault = (name: string, own: readonly string[], strict: boolean): string | undefined => {
  if (findMetric(name) !== undefined || own.includes(name)) return undefined
  const spelling = winnowSpelling(name)
  if (spelling !== undefined) return `unknown metric, Winnow calls it ${spelling}`
  const near = didYouMean(name, [...metricNames, ...own])
  if (near !== '') return `unknown metric${near}`
  return strict ? 'unknown metric: no gate and no check of the policy reads it' : undefined
}
