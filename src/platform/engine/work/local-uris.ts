import type { TaskInputs } from '../../../pipelines/execution.ts'
import type { Addresses } from '../../addresses.ts'
import { localOr } from '../task-attempt.ts'

/** kfp's Artifact.path knows plain paths and mount points, no maps and no file: URIs: give it the paths themselves. */
export const withLocalUris = (inputs: TaskInputs, addresses: Addresses): TaskInputs => ({
  ...inputs,
  artifacts: Object.fromEntries(
    Object.entries(inputs.artifacts).map(([name, list]) => [
      name,
      list.map((artifact) => ({ ...artifact, uri: artifact.customPath ?? localOr(artifact.uri, addresses) })),
    ]),
  ),
})
