import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { Fault, messageOf } from '../../domain/errors.ts'

const Feature = z.discriminatedUnion('type', [
  z.object({ name: z.string().min(1), type: z.literal('numeric') }),
  z.object({ name: z.string().min(1), type: z.literal('categorical'), categories: z.array(z.string()).optional() }),
])

const common = {
  format: z.literal(1),
  target: z.string().min(1),
  features: z.array(Feature).min(1),
  /** The graph's output that is read. */
  output: z.string().min(1).optional(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
}

/** `winnow-model.json`: what a graph takes and what its output means. */
const ModelDescription = z.discriminatedUnion('predictionType', [
  z.object({ ...common, predictionType: z.literal('classification'), classes: z.array(z.string()).min(2) }),
  z.object({
    ...common,
    predictionType: z.literal('regression'),
    /** How far the truth lies from a prediction, mostly: lower ≤ 0 ≤ upper. */
    interval: z.object({ lower: z.number(), upper: z.number() }).optional(),
  }),
])
export type ModelDescription = z.infer<typeof ModelDescription>
export type Feature = z.infer<typeof Feature>

export interface ModelFiles {
  readonly description: ModelDescription
  /** The ONNX graph. */
  readonly graph: Uint8Array<ArrayBuffer>
}

/** The name of the graph's output. */
export const outputOf = (description: ModelDescription): string =>
  description.output ?? (description.predictionType === 'classification' ? 'probabilities' : 'variable')

/** Reads a model's folder. Faults: artifact_missing where a file is not there, deploy_failed where one is not right. */
export const readModelFiles = async (folder: string): Promise<ModelFiles> => {
  const description = await describe(folder)
  const graph = new Uint8Array(await read(folder, 'model.onnx'))
  const sha256 = createHash('sha256').update(graph).digest('hex')
  if (sha256 !== description.sha256)
    throw new Fault('deploy_failed', `${join(folder, 'model.onnx')} is not the file that winnow-model.json describes`, {
      remedy: 'Train or upload the model again: its files were changed or mixed up.',
      details: [`described: ${description.sha256}`, `found: ${sha256}`],
    })
  return { description, graph }
}

const describe = async (folder: string): Promise<ModelDescription> => {
  const file = join(folder, 'winnow-model.json')
  const text = (await read(folder, 'winnow-model.json')).toString('utf8')
  const invalid = (why: readonly string[], cause?: unknown): Fault =>
    new Fault('deploy_failed', `${file} does not describe a model: ${why[0]}`, {
      remedy: 'Correct the file, or train or upload the model again.',
      details: why.slice(1),
      cause,
    })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw invalid([messageOf(error)], error)
  }
  const parsed = ModelDescription.safeParse(json)
  if (parsed.success) return parsed.data
  throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the whole'}: ${issue.message}`))
}

const read = async (folder: string, name: string): Promise<Buffer<ArrayBuffer>> => {
  try {
    return await readFile(join(folder, name))
  } catch (error) {
    throw new Fault('artifact_missing', `The model's folder ${folder} has no readable ${name}`, {
      remedy:
        'A model is served from model.onnx and winnow-model.json: put both into the folder that artifactUri names.',
      cause: error,
    })
  }
}
