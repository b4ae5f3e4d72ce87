import { Fault } from '../../domain/errors.ts'
import type { CaseToJudge } from '../../judging/case-to-judge.ts'
import { judgeInThread } from '../../judging/threads/judge-in-thread.ts'
import { explainGates } from '../../policies/verdicts/explain.ts'
import { interruptible } from '../interruptible.ts'
import { readMetrics } from '../read-metrics.ts'
import { readPolicy } from '../read-policy.ts'
import { exitCodes, reportFailure } from '../report-failure.ts'
import { print, printJson } from '../table.ts'

interface Options {
  readonly predictions?: string
  readonly label?: string
  readonly champion?: string
  readonly metrics?: string
  readonly json?: boolean
}

/** 2 is left for what could not be judged at all. */
const exitOf = { pass: 0, fail: exitCodes.failed, inconclusive: 3 } as const

/** `winnow policy check POLICY --predictions FILE`: judges a table of predictions without a server. */
export const policyCheck = async (file: string, options: Options): Promise<void> => {
  try {
    if (options.predictions === undefined && options.metrics === undefined)
      throw new Fault('usage', 'there is nothing to judge', {
        remedy: 'Name a table or numbers: --predictions FILE, --metrics FILE.',
      })
    const { policy } = await readPolicy(file)
    const evidence = await readMetrics(options.metrics, policy.gates)
    const tableOf = (path: string | undefined) => (path === undefined ? null : { path, label: options.label ?? null })
    const stated = { metrics: {}, perClass: {}, confusion: null }
    const toJudge: CaseToJudge = {
      candidate: { evidence, predictions: tableOf(options.predictions) },
      references: {
        champion:
          options.champion === undefined
            ? { kind: 'none', reason: 'no champion was given (--champion FILE)' }
            : { kind: 'known', evidence: stated, predictions: tableOf(options.champion) },
      },
      facts: { change: {}, candidate: {} },
      approvals: [],
      author: '',
    }
    const { judgement, checks } = await interruptible((signal) => judgeInThread(policy, toJudge, { signal }))
    if (options.json) printJson({ policy: file, model: policy.model, ...judgement, checks })
    else for (const line of explainGates(judgement)) print(line)
    process.exitCode = exitOf[judgement.outcome]
  } catch (error) {
    // A policy with faults or a table that cannot be read is no refusal of the model.
    reportFailure(error)
    process.exitCode = exitCodes.usage
  }
}
