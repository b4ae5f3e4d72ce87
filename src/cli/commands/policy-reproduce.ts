import { shortDigest } from '../../domain/digest.ts'
import { Fault } from '../../domain/errors.ts'
import type { PastVerdict } from '../../judging/past/backtest.ts'
import { type Reproduced, reproduce } from '../../judging/past/reproduce.ts'
import { version } from '../../version.ts'
import { type ClientOptions, connect } from '../client.ts'
import { interruptible } from '../interruptible.ts'
import { verdictsOfController, verdictsOfFiles } from '../past-verdicts.ts'
import { exitCodes, reportFailure } from '../report-failure.ts'
import { paint } from '../style.ts'
import { print, printJson } from '../table.ts'

interface Options extends ClientOptions {
  readonly evidence?: string
  readonly json?: boolean
}

/**
 * `winnow policy reproduce VERDICT`: judges again what a verdict was made of. Exit 0: the same bit for bit, 1: another,
 * 2: it cannot be judged again.
 */
export const policyReproduce = async (verdict: string, options: Options): Promise<void> => {
  try {
    const { verdicts, readKept } = /^[1-9]\d*$/.test(verdict)
      ? await verdictsOfController(await connect(options), verdict)
      : await verdictsOfFiles(verdict, options.evidence)
    const [past, second] = verdicts
    if (past === undefined) throw new Fault('usage', `Verdict ${verdict} has not been given yet`)
    if (second !== undefined) throw new Fault('usage', `${verdict} holds ${verdicts.length} verdicts; name one`)
    const reproduced = await interruptible((signal) => reproduce(past.receipt, readKept, version, signal))
    if (options.json) printJson({ verdict: past.verdict, run: past.run, ...reproduced })
    else for (const line of describe(past, reproduced)) print(line)
    process.exitCode =
      reproduced.result === 'same' ? 0 : reproduced.result === 'different' ? exitCodes.failed : exitCodes.usage
  } catch (error) {
    // What cannot be judged again is no difference.
    reportFailure(error)
    process.exitCode = exitCodes.usage
  }
}

const describe = ({ verdict, run, at, receipt }: PastVerdict, reproduced: Reproduced): readonly string[] => {
  const name = `${verdict === null ? 'the verdict' : `verdict ${verdict}`}${run === null ? '' : ` on run ${run}`}`
  const when = at === null ? '' : ` of ${new Date(at).toISOString()}`
  if (reproduced.result === 'impossible')
    return [`${paint('yellow', 'cannot be judged again')}: ${name}${when}: ${reproduced.reason}`]
  const { before, after, versions, differences } = reproduced
  const same = reproduced.result === 'same'
  return [
    same
      ? `${paint('green', 'the same')}: ${name}${when} is ${receipt.outcome} again, bit for bit (${shortDigest(before)})`
      : `${paint('red', 'another')}: ${name}${when} was ${receipt.outcome} (${shortDigest(before)}) and is ${reproduced.outcome} (${shortDigest(after)})`,
    ...differences.map((line) => `  ${line}`),
    ...(versions.before === versions.after ? [] : [`  Winnow was ${versions.before} and is ${versions.after}`]),
    ...(receipt.judged?.policy ?? []).map(({ path, digest }) => `  policy      ${path} (${shortDigest(digest)})`),
    `  evidence    ${shortDigest(receipt.evidence.digest)}`,
    ...kept(receipt).map((line) => `  ${line}`),
  ]
}

const kept = ({ judged }: PastVerdict['receipt']): readonly string[] => {
  const models = [
    ['candidate', judged?.predictions ?? null] as const,
    ...Object.entries(judged?.references ?? {}).map(
      ([name, one]) => [name, one.kind === 'known' ? one.predictions : null] as const,
    ),
  ]
  return models.flatMap(([name, one]) =>
    one === null ? [] : [`predictions ${one.rows} of ${name} (${shortDigest(one.digest)})`],
  )
}
