import type { HistoryEntry } from '../domain/ports/store.ts'

/** What happened to a row, oldest first. */
export const historyLines = (history: readonly HistoryEntry[]): readonly string[] =>
  history.map(({ at, from, to, by, why }) => {
    const step = from === null || from === to ? to : `${from} → ${to}`
    return `${new Date(at).toISOString()}  ${step}  ${why}${by === 'winnow' ? '' : ` (${by})`}`
  })
