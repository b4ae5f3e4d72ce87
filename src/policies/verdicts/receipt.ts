import { type Digest, digestJson } from '../../domain/digest.ts'
import type { Evidence } from '../../domain/evidence.ts'
import type { Json } from '../../domain/json.ts'
import type { JudgedInputs, KeptPredictions, Receipt } from '../../domain/verdict.ts'
import type { Judgement } from '../gates/judge.ts'

type Inputs = Omit<JudgedInputs, 'digest'>

export interface ReceiptParts extends Pick<Receipt, 'policy' | 'candidate' | 'evidence'> {
  /** By the gates alone. */
  readonly judgement: Judgement
  readonly inputs: Inputs
  readonly irDigest: Digest
  readonly manifestDigest: Digest
  readonly winnow: string
}

/** The receipt of a judgement, with all that it takes to judge again. */
export const makeReceipt = ({ judgement, inputs, ...rest }: ReceiptParts): Receipt => {
  const receipt = { ...finalJudgement(judgement, inputs, rest.evidence), ...rest }
  return { ...receipt, judged: { ...inputs, digest: inputsDigest(receipt, inputs) } }
}

/**
 * Without a policy or a model nothing passes, whatever the gates say; and whatever they say, it is said where the data
 * was not the same from the beginning of the run to its end.
 */
export const finalJudgement = (
  judgement: Judgement,
  { withoutPolicy, withoutCandidate }: Pick<JudgedInputs, 'withoutPolicy' | 'withoutCandidate'>,
  { metrics }: Pick<Evidence, 'metrics'>,
): Judgement => {
  if (withoutPolicy !== null)
    return { outcome: 'inconclusive', reason: `nothing was judged: ${withoutPolicy}`, gates: [] }
  const changed = metrics['data.changedDuringRun'] ?? 0
  if (withoutCandidate === null)
    return changed > 0
      ? {
          ...judgement,
          reason: `${judgement.reason}; ${changed} ${changed === 1 ? 'object' : 'objects'} of its data changed while the run read it`,
        }
      : judgement
  return { ...judgement, outcome: 'inconclusive', reason: `there is nothing to deliver: ${withoutCandidate}` }
}

/** Over what was judged, not over what came of it: an outcome that was changed afterwards shows by judging again. */
export const inputsDigest = (
  { policy, candidate, evidence, irDigest, manifestDigest }: Omit<Receipt, 'judged'>,
  inputs: Inputs,
): Digest => {
  const judged = { ...inputs, digest: undefined }
  return digestJson({ policy, candidate, evidence, irDigest, manifestDigest, judged } as unknown as Json)
}

/** The digest of what came of it: equal for two receipts with the same outcome, reasons, numbers and intervals. */
export const judgementDigest = ({ outcome, reason, gates }: Judgement): Digest =>
  digestJson({ outcome, reason, gates } as unknown as Json)

/** All answers that it takes to judge again. */
export const keptPredictionsOf = ({ predictions, references }: JudgedInputs): readonly KeptPredictions[] =>
  [predictions, ...Object.values(references).map((one) => (one.kind === 'known' ? one.predictions : null))].filter(
    (one) => one !== null,
  )
