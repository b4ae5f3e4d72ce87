import type { NewRow, RowKind, Rows, Transaction } from '../../domain/ports/store.ts'
import type { Time } from '../../domain/time.ts'

interface Stated {
  readonly id: number
  readonly state: string
}

/** Writes a row as it is now; where its state is another than before, history says why. */
export const move = async <K extends RowKind>(
  tx: Transaction,
  kind: K,
  before: Rows[K],
  after: Rows[K],
  why: string,
  at: Time,
  by = 'winnow',
): Promise<Rows[K]> => {
  const written = await tx.update(kind, after)
  const from = (before as Stated).state
  const { id, state } = after as Stated
  if (from !== state) await tx.record({ at, kind, id, from, to: state, by, why })
  return written
}

/** Inserts a row; its first history entry says why it is there. */
export const create = async <K extends RowKind>(
  tx: Transaction,
  kind: K,
  row: NewRow<K>,
  why: string,
  at: Time,
  by = 'winnow',
): Promise<Rows[K]> => {
  const written = await tx.insert(kind, row)
  const { id, state } = written as Stated
  await tx.record({ at, kind, id, from: null, to: state, by, why })
  return written
}
