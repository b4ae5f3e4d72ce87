import { formatFault } from '../../declarations/placed-fault.ts'
import type { PipelineDeclaration } from '../../declarations/winnow-yaml.ts'
import { digestBytes } from '../../domain/digest.ts'
import type { RepositoryHost } from '../../domain/ports/host.ts'
import type { Run } from '../../domain/run.ts'
import type { PolicyText, Receipt } from '../../domain/verdict.ts'
import { gateSetsOf, parsePolicy } from '../../policies/language/parse-policy.ts'
import type { Policy } from '../../policies/language/policy.ts'

/** What a run is judged by. */
export interface Law {
  readonly source: Receipt['policy']
  /** The policy's text and those of the gate sets that it uses. */
  readonly texts: readonly PolicyText[]
  readonly policy: Policy | undefined
  /** Why there is no policy that could be judged by. */
  readonly missing: string
}

/** The policy as the protected branch has it; why not, where it has none that can be understood whole. */
export const readLaw = async (
  ports: { readonly host: RepositoryHost },
  run: Run,
  commit: string,
  pipeline: PipelineDeclaration | undefined,
  signal: AbortSignal,
): Promise<Law> => {
  const path = pipeline?.policy ?? run.policy ?? ''
  const none = (missing: string, texts: readonly PolicyText[] = []): Law => ({
    source: { path, digest: texts[0]?.digest ?? digestBytes(''), commit },
    texts,
    policy: undefined,
    missing,
  })
  const place = `the protected branch (${commit.slice(0, 12)})`
  if (pipeline === undefined) return none(`${place} declares no pipeline ${run.pipeline}`)
  if (pipeline.policy === null || pipeline.model === null)
    return none(`${place} declares no policy for ${run.pipeline}`)
  const read = await readPolicyFiles(ports, run.repository, commit, pipeline.policy, signal)
  if (read === undefined) return none(`there is no ${pipeline.policy} on ${place}`)
  const { text, files } = read
  const texts = [[pipeline.policy, text] as const, ...files].map(([file, content]) => ({
    path: file,
    digest: digestBytes(content),
    text: content,
  }))
  const parsed = parsePolicy(text, pipeline.policy, { model: pipeline.model, files })
  if (!parsed.ok) return none(`the policy on ${place} has faults: ${parsed.faults.map(formatFault).join('; ')}`, texts)
  return { source: { path, digest: digestBytes(text), commit }, texts, policy: parsed.value, missing: '' }
}

/** A policy's text at a commit, and those of the gate sets that it uses; undefined where there is no such file. */
export const readPolicyFiles = async (
  { host }: { readonly host: RepositoryHost },
  repository: string,
  commit: string,
  path: string,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly files: ReadonlyMap<string, string> } | undefined> => {
  const text = await host.readFile(repository, commit, path, signal)
  if (text === undefined) return undefined
  const files = new Map<string, string>()
  for (const file of gateSetsOf(text)) {
    const gates = await host.readFile(repository, commit, file, signal)
    if (gates !== undefined) files.set(file, gates)
  }
  return { text, files }
}
