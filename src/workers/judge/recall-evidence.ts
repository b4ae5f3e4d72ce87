import type { EnvironmentDeclaration } from '../../declarations/winnow-yaml.ts'
import { policyDigests } from '../../domain/approval.ts'
import type { ModelVersion } from '../../domain/evidence.ts'
import type { Run } from '../../domain/run.ts'
import type { JudgedReference, KeptPredictions, Verdict } from '../../domain/verdict.ts'
import type { FoundAnswers } from './find-answers.ts'
import { findReferences, type ReferencePorts } from './find-references.ts'
import type { EvidencePorts, Known, KnownReference } from './judge-evidence.ts'
import type { Law } from './judge-policy.ts'

/**
 * What a verdict that is given again was given by: measured anew, no number would be the same, and what people agreed to
 * would be gone. Undefined where it must be sought anew: another policy, another champion, answers that are not kept.
 */
export const recallEvidence = async (
  ports: ReferencePorts & Pick<EvidencePorts, 'judging'>,
  { receipt }: Verdict,
  run: Run,
  law: Law,
  environments: readonly EnvironmentDeclaration[],
  signal: AbortSignal,
): Promise<Known | undefined> => {
  const judged = receipt?.judged
  if (!receipt?.candidate || judged === undefined || law.policy === undefined) return undefined
  if (policyDigests(receipt).join() !== law.texts.map(({ digest }) => digest).join()) return undefined
  const { champion } = await findReferences(ports, run, law.policy.model, environments, { references: [] }, signal)
  const before = judged.references['champion']
  if (
    nameOf(before?.kind === 'known' ? before.version : null) !==
    nameOf(champion?.kind === 'found' ? champion.version : null)
  )
    return undefined

  const recall = async (kept: KeptPredictions | null): Promise<FoundAnswers | null | undefined> => {
    if (kept === null) return null
    const source = { kind: 'predictions', name: kept.uri ?? '', task: null, digest: kept.digest } as const
    return (await ports.judging.isKept(kept.digest)) ? { kept, source } : undefined
  }
  const answers = await recall(judged.predictions)
  if (answers === undefined) return undefined
  const references: Record<string, KnownReference> = {}
  for (const [name, reference] of Object.entries(judged.references)) {
    const known = await recalled(reference, recall)
    if (known === undefined) return undefined
    references[name] = known
  }
  return { candidate: receipt.candidate, evidence: receipt.evidence, answers, references, missing: '' }
}

const recalled = async (
  reference: JudgedReference,
  recall: (kept: KeptPredictions | null) => Promise<FoundAnswers | null | undefined>,
): Promise<KnownReference | undefined> => {
  if (reference.kind !== 'known') return reference
  const answers = await recall(reference.predictions)
  const { version, evidence } = reference
  return answers === undefined || version === null ? undefined : { kind: 'known', version, evidence, answers }
}

const nameOf = (version: ModelVersion | null): string => (version === null ? '' : `${version.model}@${version.version}`)
