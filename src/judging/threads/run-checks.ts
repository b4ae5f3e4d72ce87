import { Fault } from '../../domain/errors.ts'
import type { CheckFacts, CheckResult } from '../../policies/language/checks.ts'
import type { CheckGate } from '../../policies/language/policy.ts'
import type { ChecksMessage, ChecksTask } from './checks-worker.ts'
import { startThread } from './thread-program.ts'

/** After so many that had to be killed, the rest is not tried: a policy made of them must not take hours. */
const mostKilled = 10
/** What the thread may need, in MB: a check works on a few hundred numbers. */
const memory = { maxOldGenerationSizeMb: 256 }

/**
 * Evaluates checks in a thread, each within `budget` milliseconds of wall time. One that takes longer, or all memory, is
 * killed with its thread and is `{ok: false}` with that reason; the others go on in a new one.
 */
export const runChecks = async (
  checks: readonly CheckGate[],
  facts: CheckFacts,
  budget: number,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, CheckResult>>> => {
  const results: CheckResult[] = []
  let killed = 0
  while (results.length < checks.length) {
    signal?.throwIfAborted()
    if (killed === mostKilled) {
      results.push({ ok: false, reason: `it was not tried: ${mostKilled} checks before it took too long` })
      continue
    }
    const rest = checks.slice(results.length).map(({ expression }) => expression)
    const { done, reason } = await evaluate({ expressions: rest, facts }, budget, signal)
    results.push(...done)
    if (reason === null) continue
    killed += 1
    results.push({ ok: false, reason })
  }
  return Object.fromEntries(checks.map(({ name }, i) => [name, results[i] as CheckResult]))
}

interface Evaluated {
  readonly done: readonly CheckResult[]
  /** Why the one after `done` was killed; null where none was. */
  readonly reason: string | null
}

const evaluate = (task: ChecksTask, budget: number, signal?: AbortSignal): Promise<Evaluated> =>
  new Promise((resolve, reject) => {
    const done: CheckResult[] = []
    const worker = startThread('checks-worker', { workerData: task, resourceLimits: memory })
    let timer: NodeJS.Timeout | undefined
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      void worker.terminate().then(settle)
    }
    const abort = (): void => end(() => reject(signal?.reason))
    signal?.addEventListener('abort', abort, { once: true })
    worker.on('message', ({ result }: ChecksMessage) => {
      clearTimeout(timer)
      if (result === undefined)
        timer = setTimeout(() => {
          end(() => resolve({ done, reason: `it took longer than ${budget / 1000} s` }))
        }, budget)
      else if (done.push(result) === task.expressions.length) end(() => resolve({ done, reason: null }))
    })
    worker.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') end(() => resolve({ done, reason: 'it took too much memory' }))
      else
        end(() =>
          reject(new Fault('judging_failed', `The checks cannot be evaluated: ${error.message}`, { cause: error })),
        )
    })
  })
