import { formatFault } from '../../declarations/placed-fault.ts'
import type { PipelineDeclaration } from '../../declarations/winnow-yaml.ts'
import type { RepositoryHost } from '../../domain/ports/host.ts'
import { parsePolicy } from '../../policies/language/parse-policy.ts'
import { readPolicyFiles } from '../judge/judge-policy.ts'

/** What is wrong with the policies of pipelines at a commit, as placed lines: told before anything is trained for nothing. */
export const policyFaults = async (
  ports: { readonly host: RepositoryHost },
  repository: string,
  commit: string,
  pipelines: readonly PipelineDeclaration[],
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const faults: string[] = []
  for (const { name, file, policy, model } of pipelines) {
    if (policy === null) continue
    const read = await readPolicyFiles(ports, repository, commit, policy, signal)
    if (read === undefined) {
      faults.push(`${file}: pipelines.${name}.policy: there is no file ${policy}`)
      continue
    }
    const parsed = parsePolicy(read.text, policy, { model: model ?? undefined, files: read.files })
    if (!parsed.ok) faults.push(...parsed.faults.map(formatFault))
  }
  return [...new Set(faults)]
}
