import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Time } from '../../../domain/time.ts'
import type { RuntimeArtifact } from '../../../pipelines/execution.ts'
import type { EngineJob } from '../job.ts'
import type { JournalRecord } from '../journal/journal.ts'
import type { JobRuntime } from '../task-attempt.ts'

interface Made {
  readonly at: Time
  readonly artifact: RuntimeArtifact
}

const pipelineName = ({ spec }: EngineJob): string => {
  const info = spec['pipelineInfo'] as { name?: string } | undefined
  return info?.name ?? ''
}

const recordOf = (line: string): JournalRecord | undefined => {
  try {
    return JSON.parse(line) as JournalRecord
  } catch {
    // The last line of a job that was killed.
    return undefined
  }
}

const madeBy = async (journal: string, pipeline: string): Promise<readonly Made[]> => {
  const text = await readFile(journal, 'utf8').catch(() => '')
  const records = text.split('\n').flatMap((line) => recordOf(line) ?? [])
  const [header] = records
  if (header?.kind !== 'job' || pipelineName(header.job) !== pipeline) return []
  return records.flatMap((record) =>
    record.kind === 'event' && record.event.kind === 'succeeded'
      ? Object.values(record.event.outputs.artifacts)
          .flat()
          .map((artifact) => ({ at: record.at, artifact }))
      : [],
  )
}

/** The artifacts that earlier jobs of the same pipeline left, newest first: of every job whose journal is still here. */
export const earlierArtifacts = async ({ files, job }: JobRuntime): Promise<readonly RuntimeArtifact[]> => {
  const jobs = dirname(files.folder)
  const made: Made[] = []
  for (const folder of await readdir(jobs)) {
    if (folder !== basename(files.folder))
      made.push(...(await madeBy(join(jobs, folder, basename(files.journal)), pipelineName(job))))
  }
  return made.sort((a, b) => b.at - a.at).map(({ artifact }) => artifact)
}
