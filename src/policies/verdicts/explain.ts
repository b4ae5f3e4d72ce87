import { shortDigest } from '../../domain/digest.ts'
import type { GateCheck, GateOutcome, GateVerdict, Receipt } from '../../domain/verdict.ts'
import { inputRows } from './explain-inputs.ts'
import { type FigureOf, figure, unitText } from './figures.ts'

const outcomeWords: Readonly<Record<GateOutcome, string>> = {
  pass: 'passed',
  fail: 'FAILED',
  inconclusive: 'UNCLEAR',
  skipped: 'skipped',
}

const headings = ['', 'gate', 'metric', 'measured', 'asked', 'margin', 'interval'] as const
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
    ...inputRows(receipt),
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
    .map(({ kind, name, task, note }) => {
      const count = slices.get(name)?.length ?? 0
      return `${kind} ${name}${count === 0 ? '' : ` and its ${count} slices`}${task === null ? '' : ` of task ${task}`}${note === undefined ? '' : `: ${note}`}`
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
  const name = gate.advisory ? `${gate.gate} (advisory)` : gate.gate
  if (gate.checks.length === 0) return [[outcomeWords[gate.outcome], name, '', '', '', '', '']]
  return gate.checks.map((check, i) => [
    outcomeWords[check.outcome],
    i === 0 ? name : '',
    subjectText(check),
    check.value === null ? '-' : `${check.change === null || check.value < 0 ? '' : '+'}${number(check, check.value)}`,
    `${check.limit.kind === 'atLeast' ? '>=' : '<='} ${unitText(check.limit.value, figureOf(check))}`,
    marginText(check),
    intervalText(check),
  ])
}

const figureOf = ({ metric, change }: GateCheck): FigureOf => ({ metric, relative: change?.kind === 'relative' })
const number = (check: GateCheck, value: number): string => figure(value, check.limit.value, figureOf(check))

const subjectText = ({ metric, of, slice, change }: GateCheck): string =>
  [
    of === null ? metric : `${metric} of ${of}`,
    ...(slice === null ? [] : [`where ${slice}`]),
    ...(change === null ? [] : [`against ${change.against}`]),
  ].join(' ')

const intervalText = (check: GateCheck): string => {
  const { interval } = check
  if (interval === null) return ''
  const { low, high, method, confidence } = interval
  return `${number(check, low)} to ${number(check, high)}, ${Number((100 * confidence).toPrecision(6))} % (${method})`
}

const marginText = (check: GateCheck): string => {
  const { value, limit } = check
  if (value === null) return ''
  const margin = limit.kind === 'atLeast' ? value - limit.value : limit.value - value
  return `${margin < 0 ? '-' : '+'}${figure(Math.abs(margin), 0, figureOf(check))}`
}

/** What the numbers cannot say: why a check without one did not pass, and why one with one is unclear. */
const notes = (gates: readonly GateVerdict[]): readonly string[] => {
  const said = gates.flatMap((gate) =>
    gate.checks.length === 0
      ? [`${gate.gate}: ${gate.reason}`]
      : gate.checks
          .filter(({ value, outcome }) => value === null || outcome === 'inconclusive')
          .map(({ reason }) => `${gate.gate}: ${reason}`),
  )
  const told = [...new Set(said)]
  return told.length === 0 ? [] : ['', ...told]
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
