import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Observation } from '../../src/domain/evidence.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { evidenceFrom } from '../../src/policies/evidence/evidence.ts'

interface Vectors {
  readonly vectors: readonly {
    readonly name: string
    readonly labels: readonly string[]
    readonly rows: readonly (readonly number[])[]
    readonly whole: Readonly<Record<string, number>>
    readonly each: Readonly<Record<string, Readonly<Record<string, number>>>>
  }[]
  readonly curves: readonly {
    readonly name: string
    readonly points: readonly JsonObject[]
    readonly auRoc: number
  }[]
}

const { vectors, curves } = JSON.parse(
  readFileSync(new URL('./classification-vectors.json', import.meta.url), 'utf8'),
) as Vectors

const observed = (kind: Observation['source']['kind'], metrics: JsonObject): Observation => ({
  source: { kind, name: 'it', task: null },
  slice: null,
  metrics,
})

describe('a confusion matrix gives what scikit-learn gives', () => {
  it.each(vectors)('$name', ({ labels, rows, whole, each }) => {
    const annotationSpecs = labels.map((displayName) => ({ displayName }))
    const vertex = evidenceFrom([observed('ModelEvaluation', { confusionMatrix: { annotationSpecs, rows } })])
    for (const [metric, value] of Object.entries(whole)) expect(vertex.metrics[metric], metric).toBeCloseTo(value, 12)
    expect(Object.keys(vertex.metrics).sort()).toEqual(Object.keys(whole).sort())
    for (const [metric, values] of Object.entries(each))
      for (const [label, value] of Object.entries(values))
        expect(vertex.perClass[metric]?.[label], `${metric} of ${label}`).toBeCloseTo(value, 12)

    const kfp = evidenceFrom([
      observed('system.ClassificationMetrics', {
        confusionMatrix: { annotationSpecs, rows: rows.map((row) => ({ row })) },
      }),
    ])
    expect(kfp.metrics).toEqual(vertex.metrics)
    expect(kfp.perClass).toEqual(vertex.perClass)
  })
})

describe('a logged ROC curve has the area that scikit-learn finds', () => {
  it.each(curves)('$name', ({ points, auRoc }) => {
    const { metrics } = evidenceFrom([observed('system.ClassificationMetrics', { confidenceMetrics: points })])
    expect(metrics['auRoc']).toBeCloseTo(auRoc, 12)
    const reversed = [...points].reverse()
    const again = evidenceFrom([observed('system.ClassificationMetrics', { confidenceMetrics: reversed })])
    expect(again.metrics['auRoc']).toBeCloseTo(auRoc, 12)
  })
})
