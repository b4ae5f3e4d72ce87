import * as z from 'zod'

/** A value that JSON can hold: what a pipeline's parameter can be. YAML's .inf and .nan are not. */
export const parameterValues = z.record(z.string(), z.json())
