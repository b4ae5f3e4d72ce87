import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../domain/errors.ts'
import { whyNot } from '../../domain/why-not.ts'
import { mismatchText } from '../../policies/test-cases/case-result.ts'
import { type Coverage, coverageOf } from '../../policies/test-cases/coverage.ts'
import { interruptible } from '../interruptible.ts'
import { junitOf } from '../junit.ts'
import { exitCodes, reportFailure } from '../report-failure.ts'
import { type CaseResult, type CasesOfFile, readTestCases, runTestCase } from '../run-test-cases.ts'
import { paint } from '../style.ts'
import { print, printJson, table } from '../table.ts'

interface Options {
  /** In percent. */
  readonly coverage?: number
  readonly junit?: string
  readonly json?: boolean
}

/** `winnow policy test [FILES]`. Exit 0: every case came out as expected, 1: one did not, or too little is covered, 2. */
export const policyTest = async (files: readonly string[], options: Options): Promise<void> => {
  try {
    const read: CasesOfFile[] = []
    for (const file of files.length > 0 ? files : await casesHere()) read.push(await readTestCases(file))
    const results = await interruptible(async (signal) => {
      const done: CaseResult[] = []
      for (const one of read) for (const tested of one.cases) done.push(await runTestCase(one, tested, signal))
      return done
    })
    const policies = coverages(read)
    const [covered, all] = [sum(policies, 'covered'), sum(policies, 'all')]
    const percent = (100 * covered) / all
    const failed = results.filter(({ mismatches }) => mismatches.length > 0)
    const isCovered = options.coverage === undefined || percent >= options.coverage - 1e-9
    if (options.junit !== undefined) await writeJunit(options.junit, results)
    if (options.json)
      printJson({
        ok: failed.length === 0 && isCovered,
        cases: results.map(({ judgement, ...rest }) => ({
          ...rest,
          outcome: judgement.outcome,
          ok: rest.mismatches.length === 0,
        })),
        coverage: { percent, covered, all, least: options.coverage ?? null, policies },
      })
    else {
      for (const result of results) for (const line of describeCase(result)) print(line)
      for (const { policy, coverage } of policies) for (const line of describeCoverage(policy, coverage)) print(line)
      print('')
      print(
        `${results.length - failed.length} of ${results.length} cases as expected, ${covered} of ${all} outcomes covered (${percentText(percent)})`,
      )
      if (!isCovered) print(`that is less than the ${options.coverage} % that --coverage asks for`)
    }
    if (failed.length > 0 || !isCovered) process.exitCode = exitCodes.failed
  } catch (error) {
    // Cases that cannot be read say nothing about the policy.
    reportFailure(error)
    process.exitCode = exitCodes.usage
  }
}

/** Never rounded up: 100 % is all. */
const percentText = (percent: number): string => `${Math.floor(percent * 10) / 10} %`

const casesHere = async (): Promise<readonly string[]> => {
  const found = (await readdir('policies').catch(() => [])).filter((name) => /\.test\.ya?ml$/.test(name)).sort()
  if (found.length === 0)
    throw new Fault('usage', 'there are no cases: no file policies/*.test.yaml', {
      remedy: 'Name the files: winnow policy test FILE…; docs/policies.md says how to write them.',
    })
  return found.map((name) => join('policies', name))
}

interface PolicyCoverage {
  readonly policy: string
  readonly coverage: Coverage
}

/** Cases of several files about one policy cover it together. */
const coverages = (read: readonly CasesOfFile[]): readonly PolicyCoverage[] =>
  [...Map.groupBy(read, ({ policyFile }) => policyFile)].map(([policy, files]) => ({
    policy,
    coverage: coverageOf(
      files[0]?.policy.gates ?? [],
      files.flatMap(({ cases }) => cases),
    ),
  }))

const sum = (policies: readonly PolicyCoverage[], of: 'covered' | 'all'): number =>
  policies.reduce((total, { coverage }) => total + coverage[of], 0)

const describeCase = ({ file, line, name, mismatches }: CaseResult): readonly string[] =>
  mismatches.length === 0
    ? [`${paint('green', 'ok    ')}  ${file}: ${name}`]
    : [
        `${paint('red', 'FAILED')}  ${file}:${line}: ${name}`,
        ...mismatches.map((mismatch) => `          ${mismatchText(mismatch)}`),
      ]

const describeCoverage = (policy: string, { gates }: Coverage): readonly string[] => {
  const cell = ({ expected, missing }: Coverage['gates'][number], outcome: 'pass' | 'fail' | 'inconclusive'): string =>
    expected.includes(outcome) ? 'yes' : missing.includes(outcome) ? 'NO' : ''
  return [
    '',
    `${policy}: what some case expects of each gate`,
    table(
      ['gate', 'pass', 'fail', 'inconclusive'],
      gates.map((row) => [row.gate, cell(row, 'pass'), cell(row, 'fail'), cell(row, 'inconclusive')]),
    ),
  ]
}

const writeJunit = async (file: string, results: readonly CaseResult[]): Promise<void> => {
  await writeFile(file, junitOf(results)).catch((cause: unknown) => {
    throw new Fault('usage', `${file} cannot be written: ${whyNot(cause)}`, { cause })
  })
}
