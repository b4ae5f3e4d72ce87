import * as z from 'zod'
import { templateNames } from '../domain/templates.ts'
import { data } from './data-schema.ts'
import { globFault } from './glob.ts'
import { otherTriggers } from './other-triggers.ts'
import { parameterValues } from './parameter-values.ts'
import { repositoryPathFault } from './repository-path.ts'

// The shape of winnow.yaml as it is written. What needs two places at once is checked in winnow-yaml.ts.

const name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, 'a name of letters, digits, - and _ that begins with a letter (at most 63)')

const repositoryPath = (endings: readonly string[]) =>
  z.string().transform((path, context) => {
    const fault = repositoryPathFault(path, endings)
    if (fault === undefined) return path.replace(/^(\.\/)+/, '')
    context.addIssue({ code: 'custom', message: fault })
    return z.NEVER
  })

const glob = z.string().superRefine((pattern, context) => {
  const fault = globFault(pattern)
  if (fault !== undefined) context.addIssue({ code: 'custom', message: `expected a pattern, ${fault}` })
})

const globs = z
  .array(glob)
  .min(1)
  .max(100)
  .refine((patterns) => patterns.length === 0 || patterns.some((pattern) => !pattern.startsWith('!')), {
    error: 'expected at least one pattern without !: exclusions alone match nothing',
  })

const push = z
  .strictObject({
    branches: globs.optional(),
    tags: globs.optional(),
    paths: globs.default(['**']),
  })
  .refine(({ branches, tags }) => branches !== undefined || tags !== undefined, {
    error: 'expected branches or tags: which pushes start it?',
  })
  .transform(({ branches = [], tags = [], paths }) => ({ branches, tags, paths }))

/** What can be asked for: the rest of what hosts tell takes a release away. */
const releaseTypes = ['published', 'released', 'prereleased', 'created', 'edited'] as const
export type ReleaseType = (typeof releaseTypes)[number]

const release = z.strictObject({
  types: z.array(z.enum(releaseTypes)).min(1).default(['published']),
  tags: globs.default(['**']),
})

const pipeline = z.strictObject({
  kfp: repositoryPath(['.py']).optional(),
  ir: repositoryPath(['.yaml', '.yml', '.json']).optional(),
  tfx: repositoryPath(['.py']).optional(),
  typescript: repositoryPath(['.ts', '.mts', '.js', '.mjs']).optional(),
  template: z.enum(templateNames).optional(),
  function: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'the name of a function' })
    .optional(),
  requirements: repositoryPath(['.txt']).optional(),
  parameters: parameterValues.default({}),
  model: z.string().min(1).max(128).optional(),
  policy: repositoryPath(['.yaml', '.yml']).optional(),
  /** How many of its runs may be under way at once; without it as many as come. */
  concurrency: z.int().min(1).max(100).optional(),
  on: z
    .strictObject({
      push: push.optional(),
      release: release.optional(),
      pullRequest: z.strictObject({ plan: z.boolean().default(true) }).optional(),
      data: data.optional(),
      ...otherTriggers,
    })
    .default({}),
})

const environment = z.strictObject({
  target: name,
  endpoint: z.string().min(1).max(128).optional(),
  after: z.string().optional(),
  protected: z.boolean().default(false),
})

export const WinnowFile = z.strictObject({
  version: z.literal(1),
  /** One file of several may have none; all together must have one. */
  pipelines: z.record(name, pipeline).default({}),
  environments: z.record(name, environment).default({}),
})
export type WinnowFile = z.infer<typeof WinnowFile>
export type PipelineEntry = WinnowFile['pipelines'][string]
