import type { EnvironmentDeclaration } from '../../declarations/winnow-yaml.ts'
import { isFault } from '../../domain/errors.ts'
import type { Evidence, EvidenceSource, ModelVersion, RunTable } from '../../domain/evidence.ts'
import type { ModelRegistry, ModelScorer } from '../../domain/ports/models.ts'
import type { ServingProbe } from '../../domain/ports/serving.ts'
import type { Store } from '../../domain/ports/store.ts'
import type { ArtifactFiles } from '../../domain/ports/target.ts'
import type { Run } from '../../domain/run.ts'
import type { Judging } from '../../judging/port.ts'
import type { TableProfile } from '../../policies/data/profile.ts'
import { evidenceFrom } from '../../policies/evidence/evidence.ts'
import { type Facts, withFacts } from '../../policies/evidence/facts.ts'
import { type Needs, needsOf } from '../../policies/evidence/needs.ts'
import { findMetric } from '../../policies/language/metrics.ts'
import type { Policy } from '../../policies/language/policy.ts'
import { type FoundAnswers, findAnswers } from './find-answers.ts'
import { type FoundReference, findReferences } from './find-references.ts'
import { measureServing, readDataFacts } from './measure-facts.ts'
import type { Sought } from './read-answers.ts'

export interface EvidencePorts {
  readonly store: Store
  /** The target of that name, undefined where the config has none. */
  readonly target: (name: string) => EvidenceTarget | undefined
  readonly judging: Judging
}

type EvidenceTarget = Pick<ModelRegistry, 'candidate' | 'observations' | 'tables' | 'models'> &
  ModelScorer &
  ServingProbe &
  ArtifactFiles

/** A model that the candidate is compared with. */
export type KnownReference =
  | { readonly kind: 'none' | 'unknown'; readonly reason: string }
  | {
      readonly kind: 'known'
      readonly version: ModelVersion
      readonly evidence: Pick<Evidence, 'metrics' | 'perClass' | 'confusion'>
      readonly answers: FoundAnswers | null
    }

/** What is known of what a run made. */
export interface Known {
  readonly candidate: ModelVersion | undefined
  readonly evidence: Evidence
  readonly answers: FoundAnswers | null
  readonly references: Readonly<Record<string, KnownReference>>
  /** Why there is no candidate. */
  readonly missing: string
}

/** What decides how much is sought: without a policy, nothing beyond what the run states. */
export interface Asked {
  readonly policy: Policy | undefined
  readonly environments: readonly EnvironmentDeclaration[]
}

/** All that is known of a run's candidate, and of the models that the policy compares it with. */
export const readEvidence = async (
  ports: EvidencePorts,
  run: Run,
  asked: Asked,
  signal: AbortSignal,
): Promise<Known> => {
  const none = (missing: string): Known => ({
    candidate: undefined,
    evidence: evidenceFrom([]),
    answers: null,
    references: {},
    missing,
  })
  const made = run.reusedRun === null ? run : await ports.store.get('run', run.reusedRun)
  const target = ports.target(run.target)
  if (made === undefined) return none(`run ${run.reusedRun}, which it stands for, is not there`)
  if (target === undefined) return none(`the config names no target ${run.target}`)
  try {
    const candidate = await target.candidate(made.tasks, signal)
    const observed = evidenceFrom(await target.observations(made.tasks, candidate, signal))
    const evidence = withSnapshot(observed, made)
    const stated = { ...none('the run made no model'), candidate, evidence }
    if (candidate === undefined || asked.policy === undefined) return stated
    const tables = await target.tables(made.tasks, candidate, signal)
    return await findOut(ports, target, { run, candidate, tables }, stated, asked.policy, asked.environments, signal)
  } catch (error) {
    if (!isFault(error) || error.retryable) throw error
    return none(error.message)
  }
}

/** Whether the data was the same from the launch to the end, where that was looked at. */
const withSnapshot = (evidence: Evidence, { manifest, changedData }: Run): Evidence => {
  if (!changedData) return evidence
  const objects = manifest.length === 1 ? 'one object was' : `${manifest.length} objects were`
  const note = `${objects} looked at again after the run, ${changedData.length} had changed`
  const source = { kind: 'data', name: 'manifest', task: null, note } as const
  return withFacts(evidence, [{ metrics: { 'data.changedDuringRun': changedData.length }, sources: [source] }])
}

interface Subject {
  readonly run: Run
  readonly candidate: ModelVersion
  readonly tables: readonly RunTable[]
}

/** Costs what the gates need, and nothing where what the run states is enough. */
const findOut = async (
  ports: EvidencePorts,
  target: EvidenceTarget,
  subject: Subject,
  stated: Known,
  policy: Policy,
  environments: readonly EnvironmentDeclaration[],
  signal: AbortSignal,
): Promise<Known> => {
  const { judging } = ports
  const needs = needsOf(policy, stated.evidence)
  const references = await findReferences(ports, subject.run, policy.model, environments, needs, signal)
  const answers = await findAnswers(ports, { ...subject, needs, references }, signal)
  const facts: Facts[] = []
  if (answers.candidate.ok) facts.push({ sources: [answers.candidate.source] })
  else if (needs.examples) facts.push({ sources: [notAnswered(answers.candidate.reason)] })
  for (const answered of Object.values(answers.references)) if (answered.ok) facts.push({ sources: [answered.source] })
  if (needs.data)
    facts.push(await readDataFacts(judging, target, subject.tables, profileOf(references['champion']), signal))
  // Last and alone, so that nothing of ours is measured with it.
  if (needs.serving) facts.push(await measureServing(judging, target, subject, signal))
  return {
    ...stated,
    evidence: withFacts(stated.evidence, facts),
    answers: answers.candidate.ok ? answers.candidate : null,
    references: Object.fromEntries(
      Object.entries(references).map(([name, found]) => [name, knownOf(name, found, needs, answers.references[name])]),
    ),
  }
}

/** Told with the evidence, because the gates can only say what they lack. */
const notAnswered = (reason: string): EvidenceSource => ({
  kind: 'predictions',
  name: 'none',
  task: null,
  note: `the gates need per-example answers, and ${reason}`,
})

const profileOf = (reference: FoundReference | undefined): TableProfile | null =>
  reference?.kind === 'found' ? ((reference.evidence?.profile as TableProfile | undefined) ?? null) : null

/**
 * What is known of a reference. Its answers to the candidate's own examples count; what was stated of it, on examples of
 * its own, tells only which classes it knows, unless it is about how it serves or what it was made from.
 */
const knownOf = (
  name: string,
  found: FoundReference,
  needs: Needs,
  answered: Sought<FoundAnswers> | undefined,
): KnownReference => {
  if (found.kind !== 'found') return found
  const stated = found.evidence ?? { metrics: {}, perClass: {}, confusion: null }
  if (!needs.scored.includes(name)) return { kind: 'known', version: found.version, evidence: stated, answers: null }
  if (answered?.ok !== true) return { kind: 'unknown', reason: answered?.reason ?? 'it was not asked' }
  const evidence = { metrics: notOfModels(stated.metrics), perClass: notOfModels(stated.perClass), confusion: null }
  return { kind: 'known', version: found.version, evidence, answers: answered }
}

const notOfModels = <T>(byMetric: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
  Object.fromEntries(
    Object.entries(byMetric).filter(([metric]) => {
      const family = findMetric(metric)?.family
      return family === 'serving' || family === 'data'
    }),
  )
