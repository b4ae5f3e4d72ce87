import * as z from 'zod'

export const notAvailable = 'not available in this version'

/** A key that the design knows and this version lacks: refused at its place, never passed over in silence. */
export const notYet = () =>
  z
    .unknown()
    .refine((value) => value === undefined, { error: notAvailable, params: { at: 'key' } })
    .optional()

/** A value that JSON can hold: what a pipeline's parameter can be. YAML's .inf and .nan are not. */
export const parameterValues = z.record(z.string(), z.json())
