import { jobIdOf } from '../../src/domain/job.ts'
import type { Job, Queue } from '../../src/domain/ports/work.ts'
import type { Duration } from '../../src/domain/time.ts'

export interface Added {
  readonly job: Job
  readonly delay: Duration
}

/** The waiting jobs of a queue, one for each id, as a test wants to see them; nothing is handed out by itself. */
export const createWaitingJobs = (): Pick<Queue, 'add' | 'front'> & { take(): readonly Added[] } => {
  const waiting = new Map<string, Added>()
  return {
    add: async (job, delay) => {
      const id = jobIdOf(job)
      if (!waiting.has(id)) waiting.set(id, { job, delay })
    },
    front: async () => 0,
    take: () => {
      const all = [...waiting.values()]
      waiting.clear()
      return all
    },
  }
}
