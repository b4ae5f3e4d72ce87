import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { formatFault } from '../declarations/placed-fault.ts'
import { Fault } from '../domain/errors.ts'
import { whyNot } from '../domain/why-not.ts'
import type { CaseToJudge, ModelToJudge } from '../judging/case-to-judge.ts'
import { judgeInThread } from '../judging/threads/judge-in-thread.ts'
import { type Judgement, judge } from '../policies/gates/judge.ts'
import { sideBySide } from '../policies/gates/side-by-side.ts'
import type { Policy } from '../policies/language/policy.ts'
import { type Mismatch, mismatchesOf } from '../policies/test-cases/case-result.ts'
import { parseTestCases, type TestCase, type TestModel, testedPolicy } from '../policies/test-cases/parse-test-cases.ts'
import { readPolicy } from './read-policy.ts'

/** A file of cases, read whole with the policy that it is about. */
export interface CasesOfFile {
  readonly file: string
  readonly policyFile: string
  readonly policy: Policy
  readonly cases: readonly TestCase[]
}

export interface CaseResult {
  readonly file: string
  readonly line: number
  readonly name: string
  readonly judgement: Judgement
  /** Empty: the case passed. */
  readonly mismatches: readonly Mismatch[]
}

/** Faults of the file, of its policy and of what it names are a Fault `policy_invalid`. */
export const readTestCases = async (file: string): Promise<CasesOfFile> => {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Fault('policy_invalid', `${file} cannot be read: ${whyNot(cause)}`, { cause })
  })
  const refuse = (details: readonly string[]): never => {
    throw new Fault('policy_invalid', `${file} has faults`, { details })
  }
  const tested = testedPolicy(text, file)
  if (!tested.ok) return refuse(tested.faults.map(formatFault))
  const folder = dirname(file)
  const policyFile = join(folder, tested.path)
  if (!existsSync(policyFile))
    return refuse([formatFault(tested.place(['policy'], `there is no file ${tested.path} beside this one`))])
  const { policy } = await readPolicy(policyFile)
  const parsed = parseTestCases(text, file, policy, (path) => existsSync(join(folder, path)))
  if (!parsed.ok) return refuse(parsed.faults.map(formatFault))
  return { file, policyFile, policy, cases: parsed.value }
}

export const runTestCase = async (
  { file, policy }: CasesOfFile,
  tested: TestCase,
  signal?: AbortSignal,
): Promise<CaseResult> => {
  const folder = dirname(file)
  const { facts, approvals, author } = tested
  const references = Object.fromEntries(
    Object.entries(tested.references).map(([name, reference]) => [
      name,
      reference.kind === 'known' ? { kind: reference.kind, ...modelOf(reference, folder) } : reference,
    ]),
  )
  const toJudge: CaseToJudge = { candidate: modelOf(tested.candidate, folder), references, facts, approvals, author }
  const judgement = (await judgeAtOnce(policy, toJudge)) ?? (await judgeInThread(policy, toJudge, { signal })).judgement
  return { file, line: tested.line, name: tested.name, judgement, mismatches: mismatchesOf(tested, judgement) }
}

const modelOf = ({ evidence, predictions }: TestModel, folder: string): ModelToJudge => ({
  evidence,
  predictions:
    predictions === null
      ? null
      : { path: join(folder, predictions.file), label: predictions.label, name: predictions.file },
})

/** A case of stated numbers needs no thread, and there may be hundreds of them. Undefined where it does. */
const judgeAtOnce = (
  policy: Policy,
  { candidate, references, approvals, author }: CaseToJudge,
): Judgement | undefined => {
  if (policy.gates.some(({ kind }) => kind === 'check') || candidate.predictions !== null) return undefined
  const stated: Parameters<typeof sideBySide>[1][string][] = []
  const names = Object.keys(references)
  for (const reference of Object.values(references)) {
    if (reference.kind !== 'known') stated.push(reference)
    else if (reference.predictions === null) stated.push({ ...reference, predictions: null })
    else return undefined
  }
  const laid = sideBySide(
    { evidence: candidate.evidence, predictions: null },
    Object.fromEntries(names.map((name, i) => [name, stated[i] as (typeof stated)[number]])),
  )
  return judge(policy, { ...laid, checks: {}, approvals, author })
}
