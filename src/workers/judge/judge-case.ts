import { subjectOf } from '../../domain/approval.ts'
import { manifestOf } from '../../domain/batch.ts'
import type { Change } from '../../domain/change.ts'
import type { Digest } from '../../domain/digest.ts'
import type { ModelVersion } from '../../domain/evidence.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { Store } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'
import type { Time } from '../../domain/time.ts'
import type { JudgedReference, Receipt } from '../../domain/verdict.ts'
import type { Judging } from '../../judging/port.ts'
import { makeReceipt } from '../../policies/verdicts/receipt.ts'
import { wordsOn } from '../running/words.ts'
import { buildOf } from '../runs/launch.ts'
import type { Known, KnownReference } from './judge-evidence.ts'
import type { Law } from './judge-policy.ts'

export interface CasePorts {
  readonly store: Store
  readonly judging: Judging
  /** Winnow's own version, for the receipt. */
  readonly version: string
}

/** Judges what is known by the law, and makes the receipt of it. */
export const receiptOf = async (
  ports: CasePorts,
  run: Run,
  law: Law,
  known: Known,
  at: Time,
  signal: AbortSignal,
): Promise<Receipt> => {
  const policy = law.policy ?? { gates: [], seed: 1, resamples: 2_000 }
  const made = run.reusedRun === null ? run : ((await ports.store.get('run', run.reusedRun)) ?? run)
  const build = await buildOf(ports.store, made)
  const parts = {
    policy: law.source,
    candidate: known.candidate ?? null,
    evidence: known.evidence,
    irDigest: build.irDigest ?? build.key,
    manifestDigest: manifestOf(run.manifest).digest,
  }
  const references = recordOf(known.references, judgedReference)
  // What people said counts for exactly what is judged now.
  const subject = subjectOf({ ...parts, judged: { policy: law.texts, references } })
  const { approvals, author } = await wordsOn(ports.store, run, subject, at)
  const change = await ports.store.get('change', run.change)
  const facts = { change: changeFacts(change, made, author), candidate: candidateFacts(known.candidate) }
  const toJudge = {
    candidate: { evidence: known.evidence, predictions: answersOf(known.answers) },
    references: recordOf(known.references, (reference) =>
      reference.kind === 'known'
        ? { kind: 'known' as const, evidence: reference.evidence, predictions: answersOf(reference.answers) }
        : reference,
    ),
    facts,
    approvals,
    author,
  }
  const judged = await ports.judging.judge(policy, toJudge, signal)
  return makeReceipt({
    judgement: judged.judgement,
    inputs: {
      at,
      run: run.id,
      model: run.model,
      commit: made.commit,
      policy: law.texts,
      seed: policy.seed,
      resamples: policy.resamples,
      predictions: known.answers?.kept ?? null,
      references,
      facts,
      checkFacts: judged.facts as JsonObject | null,
      checks: judged.checks,
      approvals,
      author,
      withoutPolicy: law.policy === undefined ? law.missing : null,
      withoutCandidate: known.candidate === undefined ? known.missing : null,
    },
    ...parts,
    winnow: ports.version,
  })
}

const recordOf = <A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Readonly<Record<string, B>> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))

const answersOf = (answers: Known['answers']): { readonly kept: Digest } | null =>
  answers === null ? null : { kept: answers.kept.digest }

const judgedReference = (reference: KnownReference): JudgedReference => {
  if (reference.kind !== 'known') return reference
  const { version, evidence, answers } = reference
  const { metrics, perClass, confusion } = evidence
  return { kind: 'known', version, evidence: { metrics, perClass, confusion }, predictions: answers?.kept ?? null }
}

const changeFacts = (change: Change | undefined, run: Run, author: string): JsonObject => ({
  kind: change?.cause.kind ?? '',
  author,
  commit: run.commit,
  attempt: run.attempt,
})

const candidateFacts = (candidate: ModelVersion | undefined): JsonObject =>
  candidate === undefined
    ? {}
    : {
        name: candidate.displayName,
        version: candidate.version,
        aliases: candidate.aliases,
        uri: candidate.artifactUri,
      }
