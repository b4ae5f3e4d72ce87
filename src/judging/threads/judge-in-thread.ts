import type { CheckGate } from '../../policies/language/policy.ts'
import type { Predictions } from '../../policies/predictions/predictions.ts'
import type { CaseToJudge, Judged } from '../case-to-judge.ts'
import type { JudgingMessage, JudgingTask } from './judging-worker.ts'
import { runChecks } from './run-checks.ts'
import { faultOf, startThread, threadDied } from './thread-program.ts'

export interface JudgeOptions {
  /** How long one check may take, in milliseconds; 1,000 where that is left out. */
  readonly checkBudget?: number
  /** Predictions at hand are moved into the thread instead of copied: they are empty here afterwards. */
  readonly handOver?: boolean
  /** The folder where the answers are kept that the case names by their digests. */
  readonly keptIn?: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Judges a case in a thread of its own, so that the event loop goes on: the same judgement as judge() gives, bit for bit.
 * A check that takes longer than its budget is killed and is inconclusive for that reason. Predictions that cannot be
 * read are a Fault `predictions_invalid`; a thread that ends of itself is one that may be tried again.
 */
export const judgeInThread = async (
  policy: JudgingTask['policy'],
  toJudge: CaseToJudge,
  { checkBudget = 1_000, handOver = false, keptIn, signal }: JudgeOptions = {},
): Promise<Judged> => {
  signal?.throwIfAborted()
  // What judging needs of the policy, and no more: the rest of it stays here.
  const task: JudgingTask = { policy: pick(policy), toJudge, keptIn: keptIn ?? null }
  const worker = startThread('judging-worker', {
    workerData: task,
    ...(handOver ? { transferList: buffersOf(toJudge) } : {}),
  })
  const checks = policy.gates.filter((gate): gate is CheckGate => gate.kind === 'check')
  const stop = new AbortController()
  let abort = (): void => {}
  try {
    return await new Promise<Judged>((resolve, reject) => {
      abort = () => reject(signal?.reason)
      signal?.addEventListener('abort', abort, { once: true })
      worker.on('message', (message: JudgingMessage) => {
        if (message.kind === 'judged') resolve(message.judged)
        else if (message.kind === 'fault') reject(faultOf(message.fault))
        else
          runChecks(checks, message.facts, checkBudget, stop.signal).then(
            (results) => worker.postMessage(results),
            reject,
          )
      })
      worker.on('error', (error) => reject(threadDied('judges', error.message)))
      worker.on('exit', (code) => reject(threadDied('judges', `exit code ${code}`)))
    })
  } finally {
    signal?.removeEventListener('abort', abort)
    stop.abort()
    await worker.terminate()
  }
}

const pick = ({ gates, seed, resamples }: JudgingTask['policy']): JudgingTask['policy'] => ({ gates, seed, resamples })

/** The memory of all predictions that are at hand, each once. */
const buffersOf = ({ candidate, references }: CaseToJudge): ArrayBuffer[] => {
  const models = [candidate, ...Object.values(references).filter((reference) => reference.kind === 'known')]
  const tables = models
    .map(({ predictions }) => predictions)
    .filter((one): one is Predictions => one !== null && 'rows' in one)
  const columns = tables.flatMap((table) => [
    table.truth,
    table.predicted,
    ...Object.values(table.columns).map(({ codes }) => codes),
    ...(table.kind === 'regression'
      ? table.quantiles.map(({ predicted }) => predicted)
      : table.scores === null
        ? []
        : [table.scores]),
  ])
  return [...new Set(columns.map(({ buffer }) => buffer))].filter((buffer) => buffer instanceof ArrayBuffer)
}
