import type { PipelineJobs } from '../pipeline-jobs.ts'
import type { Collection } from '../records.ts'
import { endedStates, type PipelineJob } from '../resources.ts'
import { statusError } from '../status.ts'
import type { RunRecord } from './collections.ts'
import type { Experiments } from './experiments.ts'
import { type Run, runRow } from './show-run.ts'

export interface Runs {
  /** NOT_FOUND where there is none of that id. */
  find(id: string): Promise<Run>
  list(): Promise<readonly Run[]>
  /** Records the run and starts its job. */
  create(run: Run): Promise<void>
  archive(id: string, archived: boolean): Promise<void>
  /** FAILED_PRECONDITION for one that has not ended. */
  remove(id: string): Promise<void>
  /** FAILED_PRECONDITION for one that has ended. */
  terminate(id: string): Promise<void>
  /** Does again what failed or was cancelled. FAILED_PRECONDITION for a run that is neither. */
  retry(id: string): Promise<void>
}

interface RunPorts {
  readonly records: Collection<RunRecord>
  readonly pipelineJobs: PipelineJobs
  readonly experiments: Experiments
}

const idOf = ({ name }: PipelineJob): string => name.slice(name.lastIndexOf('/') + 1)

export const createRuns = ({ records, pipelineJobs, experiments }: RunPorts): Runs => {
  /** What came by Vertex AI's API has no record here: it is a run of the default experiment. */
  const withRecord = async (job: PipelineJob): Promise<Run> => {
    const name = idOf(job)
    const made = { name, description: '', serviceAccount: '', archived: false, version: '', leftOut: [] }
    return { job, record: records.get(name) ?? { ...made, experimentId: (await experiments.default()).name } }
  }

  const find = async (id: string): Promise<Run> => {
    const job = pipelineJobs.get(pipelineJobs.nameOf(id) ?? '')
    if (job && job.customJob === undefined) return withRecord(job)
    throw statusError('NOT_FOUND', `There is no run ${id}`)
  }

  return {
    find,
    list: () =>
      Promise.all(
        pipelineJobs
          .list('')
          .filter(({ customJob }) => customJob === undefined)
          .map(withRecord),
      ),
    create: async ({ job, record }) => {
      await records.insert(record)
      const created = await pipelineJobs.create(job).catch(async (error: unknown) => {
        await records.remove(record.name).catch(() => {})
        throw error
      })
      if (!created) throw statusError('ALREADY_EXISTS', `There is a run ${record.name} already`)
    },
    archive: async (id, archived) => {
      const { record } = await find(id)
      if (!(await records.insert({ ...record, archived })))
        await records.update(id, (found) => ({ ...found, archived }))
    },
    remove: async (id) => {
      const { job } = await find(id)
      if (!endedStates.has(job.state))
        throw statusError('FAILED_PRECONDITION', `The run ${id} has not ended: terminate it before it is deleted`)
      await pipelineJobs.remove(job.name)
      await records.remove(id)
    },
    terminate: async (id) => {
      const { job, record } = await find(id)
      if (await pipelineJobs.cancel(job.name)) return
      const { state } = runRow({ job, record })
      throw statusError(
        'FAILED_PRECONDITION',
        `The run ${id} has ended already (${state}): there is nothing to terminate`,
      )
    },
    retry: async (id) => {
      const { job, record } = await find(id)
      if (await pipelineJobs.retry(job.name)) return
      const { state } = runRow({ job, record })
      throw statusError(
        'FAILED_PRECONDITION',
        `The run ${id} is ${state}: only one that failed or was cancelled can be retried`,
      )
    },
  }
}
