import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { alignAll } from '../../policies/predictions/align.ts'
import type { Predictions } from '../../policies/predictions/predictions.ts'
import { keepPredictions } from '../answers/keep-predictions.ts'
import { readAnswers } from '../answers/read-answers.ts'
import { readScored } from '../answers/scored-predictions.ts'
import type { AnswersTable, HeldAnswers, KeptSideBySide } from '../port.ts'
import { type FaultMessage, faultMessage } from './thread-program.ts'

/** What the thread is started with: the folder where answers are kept. */
export interface AnswersTask {
  readonly folder: string
}

export type AnswersMessage =
  | { readonly kind: 'read'; readonly table: AnswersTable }
  | {
      readonly kind: 'keep'
      readonly candidate: HeldAnswers
      readonly references: Readonly<Record<string, HeldAnswers>>
    }

export type AnswersReply = { readonly id: number } & (
  | { readonly value: HeldAnswers | KeptSideBySide }
  | { readonly fault: FaultMessage }
)

const port = parentPort as MessagePort
const { folder } = workerData as AnswersTask
const tables: Predictions[] = []

const read = async (table: AnswersTable): Promise<HeldAnswers> => {
  const predictions = await (table.kind === 'answers'
    ? readAnswers(table.path, table.label)
    : readScored(table.paths, table.label))
  return { held: tables.push(predictions) - 1, rows: predictions.rows }
}

const keep = async (
  candidate: HeldAnswers,
  references: Readonly<Record<string, HeldAnswers>>,
): Promise<KeptSideBySide> => {
  const tableOf = ({ held }: HeldAnswers): Predictions => tables[held] as Predictions
  const laid = alignAll(
    tableOf(candidate),
    Object.fromEntries(Object.entries(references).map(([name, reference]) => [name, tableOf(reference)])),
  )
  const kept: Record<string, KeptSideBySide['references'][string]> = {}
  for (const [name, aligned] of Object.entries(laid.references))
    kept[name] = aligned.ok ? { ok: true, ...(await keepPredictions(folder, aligned.other)) } : aligned
  return { candidate: await keepPredictions(folder, laid.candidate), references: kept }
}

port.on('message', async ({ id, ...message }: AnswersMessage & { readonly id: number }) => {
  const say = (reply: { readonly value: HeldAnswers | KeptSideBySide } | { readonly fault: FaultMessage }): void =>
    port.postMessage({ id, ...reply } satisfies AnswersReply)
  try {
    say({ value: await (message.kind === 'read' ? read(message.table) : keep(message.candidate, message.references)) })
  } catch (error) {
    say({ fault: faultMessage(error) })
  }
})
