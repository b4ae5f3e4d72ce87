import { type Digest, digestJson } from '../domain/digest.ts'
import type { Json } from '../domain/json.ts'
import type { PipelineSpec } from './ir.ts'

/** The digest of a spec's content: the same whether it came as YAML or JSON, in whatever key order. */
export const pipelineDigest = (spec: PipelineSpec): Digest => digestJson(spec as unknown as Json)
