import { type Digest, digestBytes, digestJson, shortDigest } from '../../domain/digest.ts'
import type { Json } from '../../domain/json.ts'
import type { GateVerdict, Outcome, Receipt } from '../../domain/verdict.ts'
import type { Judgement } from '../../policies/gates/judge.ts'
import { parsePolicy } from '../../policies/language/parse-policy.ts'
import { finalJudgement, inputsDigest, judgementDigest } from '../../policies/verdicts/receipt.ts'
import { judgeReceipt, type ReadKept } from './judge-receipt.ts'

export type Reproduced =
  | {
      readonly result: 'same' | 'different'
      readonly outcome: Outcome
      /** Of outcome, reasons, numbers and intervals. */
      readonly before: Digest
      readonly after: Digest
      /** Winnow's versions. */
      readonly versions: { readonly before: string; readonly after: string }
      /** Gate by gate, what is another now. */
      readonly differences: readonly string[]
    }
  | { readonly result: 'impossible'; readonly reason: string }

const impossible = (reason: string): Reproduced => ({ result: 'impossible', reason })

/** Judges again what a receipt says was judged, by the policy that it was judged by, and compares bit for bit. */
export const reproduce = async (
  receipt: Receipt,
  readKept: ReadKept,
  version: string,
  signal?: AbortSignal,
): Promise<Reproduced> => {
  const { judged } = receipt
  if (judged === undefined) return impossible('the receipt is an old one, which holds no inputs')
  const inputs = inputsDigest(receipt, judged)
  if (inputs !== judged.digest)
    return impossible(
      `the receipt's inputs are not those that were judged: their digest was ${shortDigest(judged.digest)} and is ${shortDigest(inputs)}`,
    )
  const altered = judged.policy.find(({ digest, text }) => digestBytes(text) !== digest)
  if (altered !== undefined)
    return impossible(`the text of ${altered.path} is not that of ${shortDigest(altered.digest)}`)
  const again = await judgeAgain(receipt, judged, readKept, signal)
  if ('result' in again) return again
  const [before, after] = [judgementDigest(receipt), judgementDigest(again)]
  const differences = differencesOf(receipt, again)
  const versions = { before: receipt.winnow, after: version }
  return {
    result: before === after ? 'same' : 'different',
    outcome: again.outcome,
    before,
    after,
    versions,
    differences,
  }
}

const judgeAgain = async (
  receipt: Receipt,
  judged: NonNullable<Receipt['judged']>,
  readKept: ReadKept,
  signal: AbortSignal | undefined,
): Promise<Judgement | Reproduced> => {
  if (judged.withoutPolicy !== null)
    return finalJudgement({ outcome: 'inconclusive', reason: '', gates: [] }, judged, receipt.evidence)
  const [own, ...sets] = judged.policy
  if (own === undefined) return impossible('the receipt holds no policy')
  const files = new Map(sets.map(({ path, text }) => [path, text]))
  const parsed = parsePolicy(own.text, own.path, { files })
  if (!parsed.ok)
    return impossible(`this Winnow does not understand the policy of then: ${parsed.faults[0]?.message ?? ''}`)
  const again = await judgeReceipt(parsed.value, receipt, judged, readKept, signal)
  if (again.ok) return again.judgement
  const gone = again.gone.map(
    ({ digest, rows, uri }) => `${shortDigest(digest)} (${rows} examples of ${uri ?? 'memory'})`,
  )
  return impossible(`evidence is gone: the predictions ${gone.join(', ')}`)
}

// Not the text of it: a store may have brought its keys into another order.
const gateDigest = (gate: GateVerdict): Digest => digestJson(gate as unknown as Json)

/** In words, gate by gate; what lies in numbers alone is said of the gate that has them. */
const differencesOf = (then: Judgement, now: Judgement): readonly string[] => {
  const gates = new Map(now.gates.map((gate) => [gate.gate, gate]))
  const differing = then.gates.flatMap((before): readonly string[] => {
    const after = gates.get(before.gate)
    gates.delete(before.gate)
    if (after === undefined) return [`${before.gate} is there no more`]
    if (gateDigest(before) === gateDigest(after)) return []
    if (before.outcome !== after.outcome || before.reason !== after.reason)
      return [`${before.gate} was ${before.outcome} (${before.reason}) and is ${after.outcome} (${after.reason})`]
    return [`${before.gate} has other numbers`]
  })
  const all = [...differing, ...[...gates.keys()].map((name) => `${name} was not there`)]
  if (all.length > 0 || judgementDigest(then) === judgementDigest(now)) return all
  return [`the verdict was ${then.outcome} (${then.reason}) and is ${now.outcome} (${now.reason})`]
}
