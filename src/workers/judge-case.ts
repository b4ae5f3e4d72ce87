import { subjectOf } from '../domain/approval.ts'
import { manifestOf } from '../domain/batch.ts'
import type { Evidence } from '../domain/evidence.ts'
import type { Store } from '../domain/ports.ts'
import type { Run } from '../domain/run.ts'
import type { Time } from '../domain/time.ts'
import type { Receipt } from '../domain/verdict.ts'
import type { Case } from '../policies/case.ts'
import { evidenceFrom } from '../policies/evidence.ts'
import { judge } from '../policies/judge.ts'
import { makeReceipt } from '../policies/receipt.ts'
import type { Known } from './judge-evidence.ts'
import type { Law } from './judge-policy.ts'
import { buildOf } from './launch.ts'
import { type Words, wordsOn } from './words.ts'

export interface CasePorts {
  readonly store: Store
  /** Winnow's own version, for the receipt. */
  readonly version: string
}

/** Judges what is known by the law, and makes the receipt of it. */
export const receiptOf = async (ports: CasePorts, run: Run, law: Law, known: Known, at: Time): Promise<Receipt> => {
  const evidence = evidenceFrom(known.observations)
  const policy = law.policy ?? { gates: [], seed: 1, resamples: 2_000 }
  const made = run.reusedRun === null ? run : ((await ports.store.get('run', run.reusedRun)) ?? run)
  const build = await buildOf(ports.store, made)
  const parts = {
    policy: law.source,
    candidate: known.candidate ?? null,
    evidence,
    irDigest: build.irDigest ?? build.key,
    manifestDigest: manifestOf(run.manifest).digest,
  }
  const references = {}
  // What people said counts for exactly what is judged now.
  const subject = subjectOf({ ...parts, judged: { policy: law.texts, references } })
  const judged = caseOf(evidence, await wordsOn(ports.store, run, subject, at))
  return makeReceipt({
    judgement: judge(policy, judged),
    inputs: {
      at,
      run: run.id,
      model: run.model,
      commit: made.commit,
      policy: law.texts,
      seed: policy.seed,
      resamples: policy.resamples,
      predictions: null,
      references,
      facts: { change: {}, candidate: {} },
      checkFacts: null,
      checks: judged.checks,
      approvals: judged.approvals,
      author: judged.author,
      withoutPolicy: law.policy === undefined ? law.missing : null,
      withoutCandidate: known.candidate === undefined ? known.missing : null,
    },
    ...parts,
    winnow: ports.version,
  })
}

const caseOf = (evidence: Evidence, { approvals, author }: Words): Case => ({
  candidate: { evidence, answers: null },
  references: {},
  checks: {},
  approvals,
  author,
})
