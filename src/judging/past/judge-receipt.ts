import type { Digest } from '../../domain/digest.ts'
import type { JudgedInputs, KeptPredictions, Receipt } from '../../domain/verdict.ts'
import type { Judgement } from '../../policies/gates/judge.ts'
import type { Policy } from '../../policies/language/policy.ts'
import type { Predictions } from '../../policies/predictions/predictions.ts'
import { finalJudgement, keptPredictionsOf } from '../../policies/verdicts/receipt.ts'
import { unpackKept } from '../answers/keep-predictions.ts'
import type { CaseToJudge, ModelToJudge } from '../case-to-judge.ts'
import { judgeInThread } from '../threads/judge-in-thread.ts'

/** Answers as they are kept, packed; undefined where they are not kept any more. */
export type ReadKept = (digest: Digest, signal?: AbortSignal) => Promise<Uint8Array | undefined>

export type JudgedAgain =
  | { readonly ok: true; readonly judgement: Judgement }
  | { readonly ok: false; readonly gone: readonly KeptPredictions[] }

/** Judges by a policy what a receipt is about, with the evidence that was kept. */
export const judgeReceipt = async (
  policy: Pick<Policy, 'gates' | 'seed' | 'resamples'>,
  receipt: Receipt,
  judged: JudgedInputs,
  readKept: ReadKept,
  signal?: AbortSignal,
): Promise<JudgedAgain> => {
  const answers = new Map<Digest, Predictions>()
  const gone: KeptPredictions[] = []
  for (const kept of keptPredictionsOf(judged)) {
    const packed = await readKept(kept.digest, signal)
    if (packed === undefined) gone.push(kept)
    else answers.set(kept.digest, await unpackKept(packed, kept.digest))
  }
  if (gone.length > 0) return { ok: false, gone }
  const again = await judgeInThread(policy, caseOfReceipt(receipt, judged, answers), { handOver: true, signal })
  return { ok: true, judgement: finalJudgement(again.judgement, { ...judged, withoutPolicy: null }, receipt.evidence) }
}

const caseOfReceipt = (
  { evidence }: Receipt,
  { predictions, references, facts, approvals, author }: JudgedInputs,
  answers: ReadonlyMap<Digest, Predictions>,
): CaseToJudge => {
  const model = (stated: ModelToJudge['evidence'], kept: KeptPredictions | null): ModelToJudge => ({
    evidence: stated,
    predictions: (kept === null ? undefined : answers.get(kept.digest)) ?? null,
  })
  return {
    candidate: model(evidence, predictions),
    references: Object.fromEntries(
      Object.entries(references).map(([name, reference]) => [
        name,
        reference.kind === 'known'
          ? { kind: 'known', ...model(reference.evidence, reference.predictions) }
          : { kind: reference.kind, reason: reference.reason },
      ]),
    ),
    facts,
    approvals,
    author,
  }
}
