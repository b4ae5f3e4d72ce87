import type { Json } from '../../domain/json.ts'
import type { RuntimeArtifact, TaskOutputs } from '../../pipelines/execution.ts'
import type { Message } from '../services.ts'
import type { ComponentCall } from './component.ts'
import { tableReference, tableUri } from './tables.ts'

/** Where Vertex AI would show a resource; the platform keeps the form, since clients cut the name out of it. */
const resourceUri = (name: string): string => {
  const location = /^projects\/[^/]+\/locations\/([^/]+)\//.exec(name)?.[1] ?? 'local'
  return `https://${location}-aiplatform.googleapis.com/v1/${name}`
}

/** An output artifact that stands for a resource (google.VertexModel and its like). */
export const resourceArtifact = (
  call: ComponentCall,
  output: string,
  resourceName: string,
  metadata: Message = {},
): RuntimeArtifact => ({
  name: output,
  uri: resourceUri(resourceName),
  type: call.task.outputs.artifacts[output]?.type ?? {},
  metadata: { ...metadata, resourceName },
})

/** An output artifact at an address. */
export const artifactAt = (
  call: ComponentCall,
  output: string,
  uri: string,
  metadata: Message = {},
): RuntimeArtifact => ({
  name: output,
  uri,
  type: call.task.outputs.artifacts[output]?.type ?? {},
  metadata,
})

/** An output artifact that stands for a table, named `PROJECT.DATASET.TABLE`. */
export const tableArtifact = (call: ComponentCall, output: string, name: string): RuntimeArtifact => {
  const table = tableReference(name)
  return artifactAt(call, output, tableUri(table), { ...table })
}

/** The outputs of a task, less those that its component does not declare. */
export const taskOutputs = (
  call: ComponentCall,
  artifacts: Readonly<Record<string, RuntimeArtifact>>,
  parameters: Readonly<Record<string, Json>> = {},
): TaskOutputs => {
  const declared = call.task.outputs
  return {
    artifacts: Object.fromEntries(
      Object.entries(artifacts)
        .filter(([name]) => name in declared.artifacts)
        .map(([name, artifact]) => [name, [artifact]]),
    ),
    parameters: Object.fromEntries(Object.entries(parameters).filter(([name]) => name in declared.parameters)),
  }
}

/** The `gcp_resources` parameter: JSON of what a launcher started, a long-running operation or a job. */
export const gcpResources = (resourceType: string, name: unknown): { gcp_resources: string } => ({
  gcp_resources: JSON.stringify({ resources: [{ resourceType, resourceUri: resourceUri(String(name)) }] }),
})

/** Labels that a component's resource gets: those of the run, under its own. */
export const labelsOf = (call: ComponentCall, own: unknown): Record<string, string> => ({
  ...call.job.labels,
  ...(own as Readonly<Record<string, string>> | undefined),
})

/** The `gcp_resources` of work that needed none: what is a job of another service there is done in the platform here. */
export const noResources: { gcp_resources: string } = { gcp_resources: JSON.stringify({ resources: [] }) }
