import * as z from 'zod'
import { parameterValues } from '../../declarations/parameter-values.ts'
import { parseDuration } from '../../domain/time.ts'

// The shape of a policy as it is written; JSON Schema for editors is made of it. What a metric's name decides, and what
// needs two places at once, is checked in parse-policy.ts and parse-gate.ts.

const limit = z.union([z.number(), z.string().min(1).max(40)], { error: 'a number, or a text with a unit' })

const isDistinct = (entries: readonly (string | readonly string[])[]): boolean =>
  new Set(entries.map((entry) => JSON.stringify(entry))).size === entries.length

const duration = z
  .string()
  .max(40)
  .refine((text) => parseDuration(text) !== undefined, {
    error: ({ input }) => `expected a duration such as 30m, 1h30m or 7d, got ${JSON.stringify(input)}`,
  })
  .describe('a duration such as 30m, 1h30m or 7d')

const crossed = z
  .array(z.string().min(1), { error: 'a column, or a list of columns to cross' })
  .min(2)
  .max(4)
  .refine(isDistinct, { error: 'expected each column once in a crossing' })

const columns = z.union(
  [
    z.string().min(1),
    z
      .array(z.union([z.string().min(1), crossed], { error: 'a column, or a list of two to four columns to cross' }))
      .min(1)
      .max(20)
      .refine(isDistinct, { error: 'expected each slice once' }),
  ],
  {
    error: 'a column, a list of columns, or a list with lists of columns to cross',
  },
)

const approvals = z.strictObject({
  count: z.int().min(1).max(20).default(1).describe('how many people must agree'),
  from: z.array(z.string().min(1).max(100)).max(50).default([]).describe('groups and names that count; none: all'),
  notAuthor: z.boolean().default(false).describe("whether the change's own author does not count"),
  validFor: duration.optional().describe('how long an approval counts'),
})

const gate = z.strictObject({
  metric: z.string().min(1).optional().describe('what is measured'),
  atLeast: limit.optional().describe('the least that passes'),
  atMost: limit.optional().describe('the most that passes'),
  between: z.tuple([limit, limit]).optional().describe('the least and the most that pass'),
  each: z.string().min(1).optional().describe('the target column: the limits hold for each of its classes'),
  against: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('champion, baseline or MODEL@ALIAS: the limits are about the change'),
  change: z.enum(['absolute', 'relative']).optional(),
  confidence: z.number().gt(0.5).lt(1).optional().describe('how sure the comparison must be, such as 0.95'),
  slices: columns.optional().describe('the limits hold in each part of the examples'),
  minExamples: z.int().min(1).max(1e9).optional().describe('a part with fewer examples is inconclusive'),
  check: z.string().min(1).max(2_000).optional().describe('a condition in CEL over evidence, data and the change'),
  require: approvals.optional().describe('people who must agree to this very candidate'),
  advisory: z.boolean().default(false).describe('told, not held'),
})

const gates = z.record(z.string().min(1).max(100), gate).refine((all) => Object.keys(all).length <= 1_000, {
  error: 'expected at most 1000 gates',
})

const ownMetrics = z
  .array(z.string().min(1).max(128))
  .max(200)
  .default([])
  .describe("the pipeline's own metric names, so that a gate may ask for them")

/** Gates that several policies use. */
export const GateSetFile = z.strictObject({
  version: z.literal(1),
  metrics: ownMetrics,
  gates: gates.refine((all) => Object.keys(all).length > 0, { error: 'expected at least one gate' }),
})

const window = z.strictObject({
  allow: z.string().min(1).max(60).optional().describe('such as Mon-Thu 09:00-16:00'),
  deny: z.string().min(1).max(60).optional(),
  timezone: z.string().min(1).max(60).default('UTC').describe('such as Europe/Berlin'),
})

const step = z.strictObject({
  traffic: z.int().min(1).max(100).describe('percent of the traffic that the candidate has'),
  hold: duration.optional().describe('how long it has that, such as 30m'),
  longest: duration.optional().describe('how long at most, where too little is known at the end of the hold'),
  gates: z.array(z.string().min(1).max(100)).max(50).default([]).describe('gates on live metrics that watch it'),
  inconclusive: z.enum(['person', 'rollBack']).optional().describe('what follows where too little is known even then'),
})

const rollout = z
  .array(step)
  .min(1)
  .max(20)
  .optional()
  .describe('steps of traffic; the last one has all of it. None: all at once')

export const PolicyFile = z.strictObject({
  version: z.literal(1),
  model: z.string().min(1).max(128),
  metrics: ownMetrics,
  use: z.array(z.string().min(1).max(300)).max(20).default([]).describe('files with gates that are used too'),
  gates: gates.default({}),
  seed: z.int().min(0).max(0xffffffff).default(1).describe('where chance comes from'),
  resamples: z.int().min(200).max(20_000).default(2_000),
  environments: z
    .record(
      z.string().min(1).max(63),
      z.strictObject({ approvals: approvals.optional(), windows: z.array(window).max(50).default([]), rollout }),
    )
    .default({}),
  otherwise: z
    .strictObject({
      retrain: z
        .strictObject({
          attempts: z.int().min(1).max(20),
          cooldown: duration.optional(),
          parameters: parameterValues.default({}),
          budget: z.strictObject({ runs: z.int().min(1).max(1_000), per: duration }).optional(),
          brake: z.strictObject({ metric: z.string().min(1), improvesBy: z.number().min(0) }).optional(),
        })
        .optional(),
      inconclusive: z.enum(['person', 'moreData', 'retrain', 'canary']).default('person'),
    })
    .default({ inconclusive: 'person' }),
})
export type PolicyFile = z.infer<typeof PolicyFile>
export type GateSetFile = z.infer<typeof GateSetFile>
export type GateEntry = PolicyFile['gates'][string]
export type StepEntry = z.infer<typeof step>
export type ApprovalEntry = NonNullable<GateEntry['require']>
