import * as z from 'zod'
import type { JsonObject } from '../../domain/json.ts'
import { TestCasesFile } from '../test-cases/test-cases-schema.ts'
import { metricNames } from './metrics.ts'
import { GateSetFile, PolicyFile } from './policy-schema.ts'

const files = {
  policy: { schema: PolicyFile, title: 'A policy of Winnow' },
  gates: { schema: GateSetFile, title: 'Gates that several policies of Winnow use' },
  cases: { schema: TestCasesFile, title: 'Cases that a policy of Winnow is tested by' },
} as const

const having = (...names: readonly string[]) => ({ anyOf: names.map((name) => ({ required: [name] })) })

const limits = ['atLeast', 'atMost', 'between'] as const

/** A gate asks one thing, and only a metric has limits. */
const gateKinds = [
  { required: ['metric'], ...having(...limits), not: having('check', 'require') },
  { required: ['check'], not: having('metric', 'require', ...limits) },
  { required: ['require'], not: having('metric', 'check', ...limits) },
]

/**
 * JSON Schema (2020-12) of a file, for editors: made of what the parser itself checks by. What a schema cannot say (whether
 * a limit fits its metric, whether a window is one) only the parser tells.
 */
export const jsonSchemaOf = (of: keyof typeof files): JsonObject => {
  const { schema, title } = files[of]
  const made = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema, path }) => {
      // NaN is a number in YAML, which `type: number` covers, and nothing in JSON.
      if (zodSchema._zod.def.type === 'nan') jsonSchema.not = {}
      // Told, not asked: a pipeline has metrics of its own.
      if (path.at(-1) === 'metric' && jsonSchema.type === 'string') jsonSchema.examples = [...metricNames]
      if (path.at(-2) === 'gates' && path.at(-1) === 'additionalProperties') jsonSchema.oneOf = gateKinds
    },
  })
  return { ...(made as unknown as JsonObject), title }
}
