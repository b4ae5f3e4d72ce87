import type { Collection } from '../records.ts'
import { statusError } from '../status.ts'
import type { VersionRecord } from './collections.ts'
import { newUuid } from './ids.ts'

export interface PipelineVersions {
  /** Oldest first. */
  of(pipelineId: string): readonly VersionRecord[]
  /** '' finds the newest version. NOT_FOUND where there is none. */
  find(pipelineId: string, versionId: string): VersionRecord
  /** ALREADY_EXISTS where the pipeline has a version of that name. */
  add(pipelineId: string, given: Omit<VersionRecord, 'name' | 'createdAt'>): Promise<VersionRecord>
  change(version: VersionRecord, changes: Partial<VersionRecord>): Promise<VersionRecord>
  remove(version: VersionRecord): Promise<void>
}

export const createPipelineVersions = (records: Collection<VersionRecord>, now: () => number): PipelineVersions => {
  const of = (pipelineId: string) => records.list(`${pipelineId}/`)
  return {
    of,
    find: (pipelineId, versionId) => {
      const found = versionId === '' ? of(pipelineId).at(-1) : records.get(`${pipelineId}/${versionId}`)
      if (found) return found
      const wanted = versionId === '' ? 'no version' : `no version ${versionId}`
      throw statusError('NOT_FOUND', `The pipeline ${pipelineId} has ${wanted}`)
    },
    add: async (pipelineId, given) => {
      const taken = of(pipelineId).some(({ versionName }) => versionName === given.versionName)
      if (taken)
        throw statusError(
          'ALREADY_EXISTS',
          `The pipeline ${pipelineId} has a version ${JSON.stringify(given.versionName)} already: choose another name`,
        )
      const record = { ...given, name: `${pipelineId}/${newUuid()}`, createdAt: new Date(now()).toISOString() }
      await records.insert(record)
      return record
    },
    change: async (version, changes) =>
      (await records.update(version.name, (found) => ({ ...found, ...changes }))) ?? version,
    remove: async ({ name }) => {
      await records.remove(name)
    },
  }
}
