import type { ArchiveFolder, ArchiveLedger } from '../../domain/archive.ts'
import type { Duration, Time } from '../../domain/time.ts'
import type { Log } from '../../log.ts'
import { pause } from '../running/pause.ts'

export interface ArchivePorts {
  readonly store: ArchiveLedger
  readonly folder: ArchiveFolder
  /** How long after their end rows stay in the store. */
  readonly after: Duration
  readonly now: () => Time
}

/** Changes in one file, and so in one transaction. */
const changesInFile = 500
const interval: Duration = 3_600_000

/**
 * Moves what ended long ago out of the store into an archive; the number of rows. The file is on its disk before the
 * rows go: a crash in between leaves a file that nothing speaks of, and the rows go into another one the next time.
 */
export const archiveEnded = async (
  { store, folder, after, now }: ArchivePorts,
  signal: AbortSignal,
): Promise<number> => {
  let moved = 0
  while (!signal.aborted) {
    const at = now()
    const rows = await store.archivable(at - after, changesInFile)
    const [first] = rows
    if (first === undefined) break
    const stamp = new Date(at).toISOString().replaceAll(':', '-')
    const file = await folder.write(`${stamp}-from-change-${first.row.id}.jsonl.gz`, rows, at)
    // Somebody wrote one of them: what is archivable is another question now.
    if (!(await store.takeOut(file, rows, at))) break
    moved += rows.length
  }
  return moved
}

/** Again and again until the signal aborts. */
export const keepArchives = async (ports: ArchivePorts & { readonly log: Log }, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    try {
      const rows = await archiveEnded(ports, signal)
      if (rows > 0) ports.log.info({ rows }, 'rows that ended long ago were archived')
    } catch (error) {
      if (signal.aborted) return
      ports.log.error({ error }, 'rows that ended long ago could not be archived')
    }
    await pause(interval, signal)
  }
}
