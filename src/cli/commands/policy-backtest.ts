import { type BacktestedVerdict, type BacktestSummary, backtest, type Changed } from '../../judging/past/backtest.ts'
import { type ClientOptions, connect } from '../client.ts'
import { interruptible } from '../interruptible.ts'
import { mostVerdicts, verdictsOfController, verdictsOfFiles } from '../past-verdicts.ts'
import { readPolicy } from '../read-policy.ts'
import { exitCodes, reportFailure } from '../report-failure.ts'
import { paintState } from '../style.ts'
import { print, printJson, table } from '../table.ts'
import { timeOf } from '../time-option.ts'

interface Options extends ClientOptions {
  readonly model?: string
  readonly since?: string
  readonly receipts?: string
  readonly evidence?: string
  readonly json?: boolean
}

/** `winnow policy backtest POLICY`: what a changed policy would have said of past verdicts. Exit 0: told, 2: it cannot be. */
export const policyBacktest = async (file: string, options: Options): Promise<void> => {
  try {
    const { policy } = await readPolicy(file)
    const since = options.since === undefined ? null : timeOf('--since', options.since, Date.now())
    const { verdicts, readKept } =
      options.receipts === undefined
        ? await verdictsOfController(await connect(options))
        : await verdictsOfFiles(options.receipts, options.evidence)
    const model = options.model ?? policy.model
    const chosen = verdicts.filter((one) => one.model === null || one.model === model)
    const past = chosen.filter(({ at }) => since === null || (at !== null && at >= since))
    const told = await interruptible((signal) => backtest(policy, past, readKept, signal))
    // The list of the controller is cut; what was before is not counted in silence.
    const cut = options.receipts === undefined && verdicts.length >= mostVerdicts
    if (options.json) printJson({ policy: file, model, ...told, cut })
    else for (const line of describe(told.verdicts, told.summary, model, cut)) print(line)
  } catch (error) {
    reportFailure(error)
    process.exitCode = exitCodes.usage
  }
}

const day = (at: number | null): string =>
  at === null ? '-' : new Date(at).toISOString().slice(0, 16).replace('T', ' ')

const describe = (
  verdicts: readonly BacktestedVerdict[],
  summary: BacktestSummary,
  model: string,
  cut: boolean,
): readonly string[] => {
  if (verdicts.length === 0) return [`There are no verdicts on ${model} yet.`]
  const rows = verdicts.map((one) => [
    one.verdict === null ? '-' : String(one.verdict),
    one.run === null ? '-' : String(one.run),
    day(one.at),
    paintState(one.was),
    paintState(one.wouldBe),
    liveText(one),
    one.gates.length === 0
      ? one.was === one.wouldBe
        ? ''
        : one.reason
      : one.gates
          .map(({ gate, was, wouldBe }) => `${gate}: ${was ?? 'not asked'} → ${wouldBe ?? 'not asked'}`)
          .join('; '),
  ])
  return [
    table(['verdict', 'run', 'when', 'was', 'would be', 'live', 'gates that differ'], rows),
    '',
    ...summaryLines(summary),
    ...(cut ? [`Only the last ${mostVerdicts} verdicts were looked at.`] : []),
  ]
}

const liveText = ({ live }: BacktestedVerdict): string => {
  if (live === null) return 'no live measurement'
  if (live.length === 0) return 'nothing that was judged'
  return live
    .map(({ metric, difference }) => `${metric} ${difference < 0 ? '' : '+'}${difference.toFixed(3)}`)
    .join(', ')
}

const summaryLines = (summary: BacktestSummary): readonly string[] => {
  const since = ({ count, since: at }: Changed): string => `${count}${count === 0 ? '' : `, since ${day(at)}`}`
  const { verdicts, same, unknown, gone } = summary
  return [
    `${verdicts} verdicts, ${same} the same`,
    `would have shipped, and did not: ${since(summary.wouldHaveShipped)}`,
    `shipped, and would not have: ${since(summary.wouldNotHaveShipped)}`,
    `shipped neither way, with another verdict: ${since(summary.otherwise)}`,
    ...(unknown === 0 ? [] : [`cannot be told, since nobody looked for it then: ${unknown}`]),
    ...(gone === 0 ? [] : [`evidence gone: ${gone}`]),
  ]
}
