import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../../domain/errors.ts'
import { type CheckFacts, type CheckResult, evaluateCheck } from '../../policies/language/checks.ts'

/** What the thread is started with. */
export interface ChecksTask {
  readonly expressions: readonly string[]
  readonly facts: CheckFacts
}

/** An expression begins, by its place; without `result` it has not ended. */
export interface ChecksMessage {
  readonly at: number
  readonly result?: CheckResult
}

const { expressions, facts } = workerData as ChecksTask
const say = (message: ChecksMessage): void => parentPort?.postMessage(message)

for (const [at, expression] of expressions.entries()) {
  say({ at })
  let result: CheckResult
  try {
    result = evaluateCheck(expression, facts)
  } catch (error) {
    result = { ok: false, reason: messageOf(error) }
  }
  say({ at, result })
}
