import { isFault } from '../../domain/errors.ts'
import type { EvidenceSource, RunTable } from '../../domain/evidence.ts'
import type { ArtifactFiles } from '../../domain/ports/target.ts'
import type { AnswersThread, HeldAnswers, Judging } from '../../judging/port.ts'
import type { ExampleTable } from './score-batch.ts'

/** What was sought, or why it is not to be had. */
export type Sought<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly reason: string }

/** A model's answers, which the thread holds, with where they came from. */
export interface Answers {
  readonly answers: HeldAnswers
  readonly source: EvidenceSource
}

export const no = (reason: string) => ({ ok: false, reason }) as const

/** What is refused or cannot be read is a reason; what may pass is tried again. */
export const attempt = async <T>(work: () => Promise<Sought<T>>): Promise<Sought<T>> => {
  try {
    return await work()
  } catch (error) {
    if (!isFault(error) || error.retryable) throw error
    return no(error.message)
  }
}

/** Where a table lies on this machine. */
export const pathsOf = async (
  target: ArtifactFiles,
  uri: string,
  signal: AbortSignal,
): Promise<Sought<{ readonly paths: readonly [string, ...string[]] }>> => {
  const [first, ...more] = (await target.files(uri, signal)) ?? []
  if (first !== undefined) return { ok: true, paths: [first, ...more] }
  return no(`${uri} cannot be read from here`)
}

/** Reads the tables that a run left; `held` is the thread that holds answers. */
export const createAnswerReader = (
  judging: Pick<Judging, 'readHead'>,
  held: AnswersThread,
  target: ArtifactFiles,
  signal: AbortSignal,
) => ({
  /** The rows that models are asked about: a test table that a batch can read, whose column of the truth is known. */
  examples: (
    tables: readonly RunTable[],
    targets: readonly string[],
  ): Promise<Sought<{ readonly table: ExampleTable }>> =>
    attempt(async () => {
      const table = tables.find(({ role }) => role === 'test')
      if (table === undefined)
        return no('the run left no test table (a dataset called test, or with metadata winnow: test)')
      const found = await pathsOf(target, table.uri, signal)
      if (!found.ok) return found
      const { format, columns } = await judging.readHead(found.paths[0], 1, signal)
      if (format === 'parquet') return no(`${table.uri} is Parquet, which batch predictions do not read`)
      const label = labelIn(columns, table.label, targets)
      if (label !== undefined) return { ok: true, table: { uri: table.uri, format, label } }
      return no(`${table.uri} has no column of the truth, which metadata label names: there are ${columns.join(', ')}`)
    }),

  /** A table of answers that the run left; one beside an evaluation has its examples within. */
  predictions: (table: RunTable, targets: readonly string[]): Promise<Sought<Answers>> =>
    attempt(async () => {
      const found = await pathsOf(target, table.uri, signal)
      if (!found.ok) return found
      const source = { kind: 'predictions', name: table.uri, task: table.task } as const
      const { paths } = found
      if (!table.declared && table.label !== null)
        return { ok: true, answers: await held.read({ kind: 'scored', paths, label: table.label }), source }
      const { columns } = await judging.readHead(paths[0], 1, signal)
      const label = labelIn(columns, table.label, targets) ?? null
      return { ok: true, answers: await held.read({ kind: 'answers', path: paths[0], label }), source }
    }),

  /** The answers of a batch. */
  scored: async (
    batch: { readonly name: string; readonly uri: string },
    label: string,
    of: string,
  ): Promise<Sought<Answers>> => {
    const found = await pathsOf(target, batch.uri, signal)
    if (!found.ok) return found
    const answers = await held.read({ kind: 'scored', paths: found.paths, label })
    const note = `${answers.rows} test rows answered by the ${of}`
    return { ok: true, answers, source: { kind: 'scored', name: batch.name, task: null, note } }
  },
})

const labelIn = (columns: readonly string[], label: string | null, targets: readonly string[]): string | undefined =>
  [...(label === null ? [] : [label]), 'label', ...targets, 'target', 'truth'].find((name) => columns.includes(name))
