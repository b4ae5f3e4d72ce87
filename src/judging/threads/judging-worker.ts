import { once } from 'node:events'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { Case } from '../../policies/gates/case.ts'
import { checkFactsOf } from '../../policies/gates/check-facts.ts'
import { judgePrepared } from '../../policies/gates/judge.ts'
import { type ReferencePredictions, sideBySide, type WithPredictions } from '../../policies/gates/side-by-side.ts'
import type { CheckFacts, CheckResult } from '../../policies/language/checks.ts'
import type { Policy } from '../../policies/language/policy.ts'
import { recallKept } from '../answers/keep-predictions.ts'
import { readPredictions } from '../answers/read-predictions.ts'
import type { CaseToJudge, Judged, ModelToJudge } from '../case-to-judge.ts'
import { prepareGates } from './prepare-gates.ts'
import { type FaultMessage, faultMessage } from './thread-program.ts'

/** What the thread is started with. */
export interface JudgingTask {
  readonly policy: Pick<Policy, 'gates' | 'seed' | 'resamples'>
  readonly toJudge: CaseToJudge
  /** The folder where answers are kept; null where the case names none of them. */
  readonly keptIn: string | null
}

/** Facts ask for the results of the checks, which come back as the one message to the thread. */
export type JudgingMessage =
  | { readonly kind: 'facts'; readonly facts: CheckFacts }
  | { readonly kind: 'judged'; readonly judged: Judged }
  | { readonly kind: 'fault'; readonly fault: FaultMessage }

const port = parentPort as MessagePort
const say = (message: JudgingMessage): void => port.postMessage(message)

const withPredictions = async (
  { evidence, predictions }: ModelToJudge,
  keptIn: string | null,
): Promise<WithPredictions> => {
  if (predictions === null || 'rows' in predictions) return { evidence, predictions }
  if ('path' in predictions) return { evidence, predictions: await readPredictions(predictions) }
  return { evidence, predictions: await recallKept(keptIn ?? '', predictions.kept) }
}

const judgeTask = async ({ policy, toJudge, keptIn }: JudgingTask): Promise<Judged> => {
  const { approvals, author } = toJudge
  const given: Record<string, ReferencePredictions> = {}
  for (const [name, reference] of Object.entries(toJudge.references))
    given[name] =
      reference.kind === 'known' ? { kind: 'known', ...(await withPredictions(reference, keptIn)) } : reference
  const { candidate, references } = sideBySide(await withPredictions(toJudge.candidate, keptIn), given)
  const expressions = policy.gates.flatMap((gate) => (gate.kind === 'check' ? [gate.expression] : []))
  let facts: CheckFacts | null = null
  let checks: Readonly<Record<string, CheckResult>> = {}
  if (expressions.length > 0) {
    facts = checkFactsOf({ candidate, references }, expressions, toJudge.facts)
    const answer = once(port, 'message')
    say({ kind: 'facts', facts })
    checks = (await answer)[0] as typeof checks
  }
  const judged: Case = { candidate, references, checks, approvals, author }
  return { judgement: judgePrepared(policy, judged, await prepareGates(policy, judged)), facts, checks }
}

try {
  say({ kind: 'judged', judged: await judgeTask(workerData as JudgingTask) })
} catch (error) {
  say({ kind: 'fault', fault: faultMessage(error) })
}
