import * as z from 'zod'
import { parseCron } from '../domain/cron.ts'
import { isTimeZone } from '../domain/time-zone.ts'
import { duration } from './duration.ts'

// What starts a pipeline besides commits and data: the clock, what came before it, and how its model does.

const day = 86_400_000

const cron = z.string().superRefine((text, context) => {
  const parsed = parseCron(text)
  if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.fault })
})

const timezone = z
  .string()
  .max(60)
  .superRefine((name, context) => {
    if (isTimeZone(name)) return
    const message = `expected a time zone such as Europe/Berlin, got ${JSON.stringify(name)}`
    context.addIssue({ code: 'custom', message })
  })

const schedule = z.strictObject({
  cron,
  timezone: timezone.default('UTC'),
  /** What becomes of the times that passed while Winnow was down. */
  catchUp: z.enum(['none', 'last', 'all']).default('last'),
  /** Older ones are forgotten. */
  lookBack: duration.default(day),
  /** The pipeline's parameter that gets the time, as 2026-03-30T01:00:00.000Z. */
  into: z.string().min(1).optional(),
})

/** Which of these go together is checked where they are placed (other-trigger-faults.ts). */
const upstream = z.strictObject({
  /** Of another repository, where the config lets this one hear of it. */
  repository: z.string().min(1).max(63).optional(),
  model: z.string().min(1).max(128).optional(),
  environment: z.string().min(1).max(63).optional(),
  pipeline: z.string().min(1).max(63).optional(),
})

const worsened = z.strictObject({
  environment: z.string().min(1).max(63),
  /** What was told since the pipeline was last started by such news is not news. */
  cooldown: duration.default(day),
  /** Runs in a row, each for the model that the one before brought; then somebody has to look. */
  attempts: z.int().min(1).max(100).default(3),
})

const oneOrSome = <T extends z.ZodType>(one: T) =>
  z.union([one.transform((value) => [value]), z.array(one).min(1).max(20)])

export const otherTriggers = {
  schedule: oneOrSome(schedule).optional(),
  upstream: oneOrSome(upstream).optional(),
  drift: worsened.optional(),
  degraded: worsened.optional(),
}

export type ScheduleTrigger = Readonly<Omit<z.infer<typeof schedule>, 'into'>> & { readonly into?: string | undefined }
export type UpstreamTrigger = Readonly<z.infer<typeof upstream>>
export type WorsenedTrigger = Readonly<z.infer<typeof worsened>>
