import { isJsonObject, type Json } from '../../domain/json.ts'
import type { Feature, ModelDescription } from './model-files.ts'

/** Rows as the graph takes them, row after row; numbers missing are NaN, categories missing are ''. */
export interface EncodedRows {
  readonly rows: number
  readonly numeric: Float32Array<ArrayBuffer>
  readonly categorical: readonly string[]
}

/** Why a model cannot take an instance, or null where it can. Members that are no features are ignored. */
export const problemOf = (description: ModelDescription, instance: Json): string | null => {
  if (!isJsonObject(instance)) return 'it is not an object of feature values'
  for (const feature of description.features) {
    const value = instance[feature.name]
    if (value === undefined) return `the feature ${JSON.stringify(feature.name)} is missing`
    const wrong = feature.type === 'numeric' ? numberOf(value) === undefined : categoryOf(value) === undefined
    if (wrong) return `the feature ${JSON.stringify(feature.name)} is ${shown(value)}, not ${wantedOf(feature)}`
  }
  return null
}

/** Encodes instances for which problemOf found nothing. */
export const encode = (description: ModelDescription, instances: readonly Json[]): EncodedRows => {
  const numbers = description.features.filter(({ type }) => type === 'numeric')
  const texts = description.features.filter(({ type }) => type === 'categorical')
  const numeric = new Float32Array(instances.length * numbers.length)
  const categorical: string[] = []
  instances.forEach((instance, row) => {
    const values = isJsonObject(instance) ? instance : {}
    numbers.forEach(({ name }, column) => {
      numeric[row * numbers.length + column] = numberOf(values[name]) ?? Number.NaN
    })
    for (const { name } of texts) categorical.push(categoryOf(values[name]) ?? '')
  })
  return { rows: instances.length, numeric, categorical }
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const largestFloat32 = 3.4e38

/** Numeric strings are numbers, as Vertex AI takes them; null and '' are missing values; undefined: not a number. */
const numberOf = (value: Json | undefined): number | undefined => {
  if (value === null) return Number.NaN
  if (typeof value === 'number') return Math.abs(value) <= largestFloat32 ? value : undefined
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  if (text === '') return Number.NaN
  return decimal.test(text) ? numberOf(Number(text)) : undefined
}

const categoryOf = (value: Json | undefined): string | undefined => {
  if (value === null) return ''
  if (typeof value === 'string') return value.trim()
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

const wantedOf = (feature: Feature): string => (feature.type === 'numeric' ? 'a number' : 'a text')

const shown = (value: Json): string => {
  const text = JSON.stringify(value)
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
