import * as z from 'zod'
import { loadYaml } from './load-yaml.ts'
import { repositoryPathFault } from './repository-path.ts'
import type { DeclarationText } from './winnow-yaml.ts'

export interface NamedPolicy {
  /** From the repository's root. */
  readonly path: string
  readonly model: string | undefined
}

const text = z.string().min(1).optional().catch(undefined)
const pipelines = z.record(z.string(), z.looseObject({ policy: text, model: text }).catch({}))
const anyFile = z.looseObject({ pipelines: pipelines.catch({}) })

/** The policies inside the repository that a winnow.yaml names, whatever else is wrong with it; none where it is no YAML. */
export const namedPolicies = ({ text, file, folder }: DeclarationText): readonly NamedPolicy[] => {
  const loaded = loadYaml(text, file, anyFile)
  if (!loaded.ok) return []
  return Object.values(loaded.value.pipelines).flatMap(({ policy, model }) =>
    policy === undefined || repositoryPathFault(policy, ['.yaml', '.yml']) !== undefined
      ? []
      : [{ path: folder === '' ? policy : `${folder}/${policy}`, model }],
  )
}
