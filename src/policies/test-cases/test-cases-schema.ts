import * as z from 'zod'
import { StatedConfusion, StatedMetrics } from '../evidence/stated-evidence.ts'

// The shape of a file of cases as it is written; names of gates and files are checked in parse-test-cases.ts.

const predictions = z
  .union([z.string().min(1).max(300), z.strictObject({ file: z.string().min(1).max(300), label: z.string().min(1) })], {
    error: 'a file, or a mapping of file and label',
  })
  .describe('a table of predictions, its path from this file on')

const model = z.strictObject({
  metrics: StatedMetrics.default({}).describe('numbers by name; of classes, a mapping of their numbers'),
  confusion: StatedConfusion.optional(),
  predictions: predictions.optional(),
})

const reference = z.union([z.literal('none'), z.literal('unknown'), model], {
  error: 'none, unknown, or a mapping of metrics, confusion and predictions',
})

const values = z.record(z.string(), z.json())

const approval = z.strictObject({
  by: z.string().min(1).max(100),
  groups: z.array(z.string().min(1).max(100)).max(50).default([]),
  decision: z.enum(['approve', 'reject']).default('approve'),
  reason: z.string().max(1_000).default(''),
})

const outcome = z.enum(['pass', 'fail', 'inconclusive'])
const gateOutcomes = ['pass', 'fail', 'inconclusive', 'skipped'] as const

const testCase = z.strictObject({
  evidence: model.default({ metrics: {} }).describe('what is known of the candidate'),
  champion: reference.default('none').describe('what serves now'),
  references: z.record(z.string().min(1).max(200), reference).default({}).describe('other models, by MODEL@ALIAS'),
  change: values.default({}).describe('what checks read of the change'),
  candidate: values.default({}).describe('what checks read of the candidate'),
  approvals: z.array(approval).max(100).default([]),
  author: z.string().max(100).default('').describe("the change's own"),
  expect: z
    .union(
      [
        outcome,
        z.strictObject({ outcome: outcome.optional(), gates: z.record(z.string(), z.enum(gateOutcomes)).default({}) }),
      ],
      { error: 'pass, fail or inconclusive, or a mapping of outcome and gates' },
    )
    .describe('what must come of it: as a whole, and of each gate'),
})

export const TestCasesFile = z.strictObject({
  version: z.literal(1),
  policy: z.string().min(1).max(300).describe('the policy, its path from this file on'),
  cases: z
    .record(z.string().min(1).max(200), testCase)
    .refine((cases) => Object.keys(cases).length > 0, { error: 'expected at least one case' }),
})
export type TestCasesFile = z.infer<typeof TestCasesFile>
export type WrittenModel = z.infer<typeof model>
export type WrittenReference = z.infer<typeof reference>
