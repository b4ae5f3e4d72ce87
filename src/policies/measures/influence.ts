/** A measure with how much each example moves it: what its standard error, alone or against another model, is made of. */
export interface Influence {
  readonly value: number
  /** One number for each example; the variance of `value` is the sum of their squares. */
  readonly parts: Float64Array
}

/** Null, where every example is on one side: there is no curve then. */
export type Area = Influence | null

/** The standard error of a value with such parts. */
export const standardErrorOf = (parts: Float64Array): number => {
  let sum = 0
  for (const part of parts) sum += part * part
  return Math.sqrt(sum)
}

/** `a·first + b·second`, part by part: of a difference, or of a ratio near its value. */
export const combineParts = (first: Float64Array, a: number, second: Float64Array, b: number): Float64Array => {
  const parts = new Float64Array(first.length)
  for (let i = 0; i < parts.length; i++) parts[i] = a * (first[i] as number) + b * (second[i] as number)
  return parts
}

/** The mean of several measures of the same examples, such as a macro average over classes. */
export const meanInfluence = (influences: readonly Influence[], examples: number): Influence => {
  const parts = new Float64Array(examples)
  let value = 0
  for (const influence of influences) {
    value += influence.value / influences.length
    for (let i = 0; i < examples; i++)
      parts[i] = (parts[i] as number) + (influence.parts[i] as number) / influences.length
  }
  return { value, parts }
}
