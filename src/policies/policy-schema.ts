import * as z from 'zod'
import { notYet, parameterValues } from '../declarations/not-yet.ts'

// The shape of a policy as it is written. What a metric's name decides is checked in parse-policy.ts.

const gate = z.strictObject({
  metric: z.string().min(1).optional(),
  atLeast: z.number().optional(),
  atMost: z.number().optional(),
  each: z.string().min(1).optional(),
  against: notYet(),
  confidence: notYet(),
  check: notYet(),
  slices: notYet(),
  where: notYet(),
  minimum: notYet(),
})

export const PolicyFile = z.strictObject({
  version: z.literal(1),
  model: z.string().min(1).max(128),
  /** The pipeline's own metric names, so that a gate may ask for them. */
  metrics: z.array(z.string().min(1).max(128)).max(200).default([]),
  gates: z.record(z.string().min(1).max(100), gate).refine((gates) => Object.keys(gates).length > 0, {
    error: 'expected at least one gate: a policy without gates judges nothing',
  }),
  environments: notYet(),
  rollout: notYet(),
  otherwise: z
    .strictObject({
      retrain: z
        .strictObject({
          attempts: z.int().min(1).max(20),
          parameters: parameterValues.default({}),
          cooldown: notYet(),
        })
        .optional(),
      notify: notYet(),
      rollback: notYet(),
    })
    .default({}),
})
export type PolicyFile = z.infer<typeof PolicyFile>
export type GateEntry = PolicyFile['gates'][string]
