import type { EvidenceSource, ModelVersion, RunTable } from '../../domain/evidence.ts'
import type { ModelScorer } from '../../domain/ports/models.ts'
import type { ArtifactFiles } from '../../domain/ports/target.ts'
import type { Run } from '../../domain/run.ts'
import type { KeptPredictions } from '../../domain/verdict.ts'
import type { AnswersThread, Judging, Kept } from '../../judging/port.ts'
import type { Needs } from '../../policies/evidence/needs.ts'
import type { FoundReference } from './find-references.ts'
import { type Answers, attempt, createAnswerReader, no, type Sought } from './read-answers.ts'
import { scoreBatch } from './score-batch.ts'

export interface AnswerPorts {
  readonly judging: Judging
  readonly target: (name: string) => (ModelScorer & ArtifactFiles) | undefined
}

export interface AskedAnswers {
  readonly run: Run
  readonly candidate: ModelVersion
  readonly tables: readonly RunTable[]
  readonly needs: Needs
  readonly references: Readonly<Record<string, FoundReference>>
}

/** Answers as they are judged: in the candidate's order and with everybody's classes. */
export interface FoundAnswers {
  readonly kept: KeptPredictions
  readonly source: EvidenceSource
}

export interface AllAnswers {
  readonly candidate: Sought<FoundAnswers>
  /** Of the references that gates compare the answers with, laid side by side with the candidate's. */
  readonly references: Readonly<Record<string, Sought<FoundAnswers>>>
}

/**
 * The answers that the gates need. Where models are compared, all answer the rows of the run's test table; otherwise the
 * table of predictions that the run left is read, and a batch is asked for only where there is none.
 */
export const findAnswers = async (
  ports: AnswerPorts,
  asked: AskedAnswers,
  signal: AbortSignal,
): Promise<AllAnswers> => {
  const { run, candidate, tables, needs, references } = asked
  const target = ports.target(run.target)
  if (target === undefined) return { candidate: no(`the config names no target ${run.target}`), references: {} }
  await using held = ports.judging.openAnswers(signal)
  const reader = createAnswerReader(ports.judging, held, target, signal)
  const compared = needs.scored.filter((name) => references[name]?.kind === 'found')
  const declared = tables.find(({ role, declared: said }) => role === 'predictions' && said)
  const beside = tables.find(({ role, declared: said }) => role === 'predictions' && !said)
  const wantsRows = compared.length > 0 || (needs.examples && declared === undefined && beside === undefined)
  const examples = wantsRows ? await reader.examples(tables, needs.targets) : no('no gate needs them')

  const ask = async (name: string, version: ModelVersion, on: string): Promise<Sought<Answers>> => {
    if (!examples.ok) return examples
    const scorer = ports.target(on)
    if (scorer === undefined) return no(`the config names no target ${on}`)
    return attempt(async () => {
      const scored = await scoreBatch(scorer, run, version, examples.table, signal)
      return scored.ok ? reader.scored(scored, examples.table.label, name) : no(scored.reason)
    })
  }
  const own = async (): Promise<Sought<Answers>> => {
    if (compared.length > 0 && examples.ok && (beside === undefined || declared !== undefined)) {
      const answered = await ask('candidate', candidate, run.target)
      if (answered.ok) return answered
    }
    if (declared !== undefined && needs.answers) return reader.predictions(declared, needs.targets)
    if (!needs.examples) return no('no gate needs them')
    if (beside !== undefined) return reader.predictions(beside, needs.targets)
    return ask('candidate', candidate, run.target)
  }
  const others = compared.map(async (name) => {
    const reference = references[name] as Extract<FoundReference, { kind: 'found' }>
    return [name, await ask(name, reference.version, reference.target)] as const
  })
  const [first, ...rest] = await Promise.all([own(), ...others])
  return await sideBySide(first, Object.fromEntries(rest), held)
}

const sideBySide = async (
  candidate: Sought<Answers>,
  references: Readonly<Record<string, Sought<Answers>>>,
  held: AnswersThread,
): Promise<AllAnswers> => {
  if (!candidate.ok) {
    const reason = `the candidate's own answers are not known: ${candidate.reason}`
    return { candidate, references: Object.fromEntries(Object.keys(references).map((name) => [name, no(reason)])) }
  }
  const read = Object.entries(references).flatMap(([name, reference]) =>
    reference.ok ? [[name, reference.answers] as const] : [],
  )
  const kept = await held.keepSideBySide(candidate.answers, Object.fromEntries(read))
  const all = Object.entries(references).map(([name, reference]): readonly [string, Sought<FoundAnswers>] => {
    const laid = kept.references[name]
    if (!reference.ok || laid === undefined) return [name, reference.ok ? no('it was not read') : reference]
    if (!laid.ok) return [name, no(`its answers cannot be laid beside the candidate's: ${laid.reason}`)]
    return [name, { ok: true, ...foundAs(laid, reference.source) }]
  })
  return { candidate: { ok: true, ...foundAs(kept.candidate, candidate.source) }, references: Object.fromEntries(all) }
}

const foundAs = ({ digest, rows }: Kept, source: EvidenceSource): FoundAnswers => ({
  kept: { digest, rows, uri: source.name },
  source: { ...source, digest },
})
