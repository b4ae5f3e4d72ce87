import { shortDigest } from '../domain/digest.ts'
import type { GateCheck, GateVerdict, Outcome, Receipt } from '../domain/verdict.ts'
import { figure } from './figures.ts'

const outcomeWords: Readonly<Record<Outcome, string>> = {
  pass: 'passed',
  fail: 'FAILED',
  inconclusive: 'UNCLEAR',
}

const headings = ['', 'gate', 'metric', 'measured', 'asked', 'margin'] as const
/** Columns of numbers, aligned at their right. */
const numeric = new Set<number>([3, 5])

/**
 * A receipt for a person, as lines of plain text: the outcome and why, every check with its number, its limit and by how
 * much it was met (+) or missed (-), and what was judged by what.
 */
export const explainReceipt = (receipt: Receipt): readonly string[] => [
  ...explainGates(receipt),
  '',
  ...table([
    ['model', receipt.candidate === null ? 'none' : modelText(receipt)],
    [
      'policy',
      `${receipt.policy.path} at ${receipt.policy.commit.slice(0, 12)} (${shortDigest(receipt.policy.digest)})`,
    ],
    ...sourceLines(receipt.evidence.sources).map((line, i) => [i === 0 ? 'evidence' : '', line]),
    ...(receipt.evidence.sources.length === 0 ? [['evidence', 'none: the run left no evaluation and no metrics']] : []),
  ]),
]

/** One line a source; the slices of an evaluation are counted, not listed. */
const sourceLines = (sources: Receipt['evidence']['sources']): readonly string[] => {
  const evaluationOf = (name: string): string => name.replace(/\/slices\/[^/]+$/, '')
  const slices = Map.groupBy(
    sources.filter(({ name }) => evaluationOf(name) !== name),
    ({ name }) => evaluationOf(name),
  )
  return sources
    .filter(({ name }) => evaluationOf(name) === name || !sources.some((other) => other.name === evaluationOf(name)))
    .map(({ kind, name, task }) => {
      const count = slices.get(name)?.length ?? 0
      return `${kind} ${name}${count === 0 ? '' : ` and its ${count} slices`}${task === null ? '' : ` of task ${task}`}`
    })
}

/** The part of the explanation that needs no receipt: the outcome and the gates. */
export const explainGates = (judged: Pick<Receipt, 'outcome' | 'reason' | 'gates'>): readonly string[] => {
  const rows = judged.gates.flatMap((gate) => gateRows(gate))
  return [
    `${judged.outcome}: ${judged.reason}`,
    ...(rows.length === 0 ? [] : ['', ...table([headings, ...rows], numeric)]),
    ...notes(judged.gates),
  ]
}

const gateRows = (gate: GateVerdict): readonly (readonly string[])[] => {
  if (gate.checks.length === 0) return [[outcomeWords[gate.outcome], gate.gate, '', '', '', '']]
  return gate.checks.map((check, i) => [
    outcomeWords[check.outcome],
    i === 0 ? gate.gate : '',
    check.of === null ? check.metric : `${check.metric} of ${check.of}`,
    check.value === null ? '-' : figure(check.value, check.limit.value),
    `${check.limit.kind === 'atLeast' ? '>=' : '<='} ${check.limit.value}`,
    marginText(check),
  ])
}

const marginText = ({ value, limit }: GateCheck): string => {
  if (value === null) return ''
  const margin = limit.kind === 'atLeast' ? value - limit.value : limit.value - value
  return `${margin < 0 ? '-' : '+'}${figure(Math.abs(margin), 0)}`
}

/** What the numbers cannot say: why a check without one did not pass. */
const notes = (gates: readonly GateVerdict[]): readonly string[] => {
  const said = gates.flatMap((gate) =>
    gate.checks.length === 0
      ? [`${gate.gate}: ${gate.reason}`]
      : gate.checks.filter(({ value }) => value === null).map(({ reason }) => `${gate.gate}: ${reason}`),
  )
  return said.length === 0 ? [] : ['', ...said]
}

const modelText = ({ candidate }: Receipt): string => {
  if (candidate === null) return ''
  const digest = candidate.digest === null ? '' : ` (${shortDigest(candidate.digest)})`
  return `${candidate.displayName} version ${candidate.version}${digest}`
}

/** Rows as lines, each column as wide as its widest cell, two blanks between. */
const table = (rows: readonly (readonly string[])[], right: ReadonlySet<number> = new Set()): readonly string[] => {
  const widths: number[] = []
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length)
    })
  return rows.map((row) =>
    row
      .map((cell, i) => (right.has(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
