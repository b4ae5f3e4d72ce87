import type { Collection } from '../records.ts'
import { statusError } from '../status.ts'
import type { PipelineRecord, VersionRecord } from './collections.ts'
import { newUuid } from './ids.ts'
import type { PipelineVersions } from './pipeline-versions.ts'

export interface Pipelines {
  list(): readonly PipelineRecord[]
  /** NOT_FOUND where there is none of that id. */
  find(id: string): PipelineRecord
  findByName(name: string): PipelineRecord
  /** ALREADY_EXISTS where there is one of that name. */
  add(given: Omit<PipelineRecord, 'name' | 'createdAt'>): Promise<PipelineRecord>
  /** Both or neither. */
  addWithVersion(
    given: Omit<PipelineRecord, 'name' | 'createdAt'>,
    version: Omit<VersionRecord, 'name' | 'createdAt'>,
  ): Promise<PipelineRecord>
  change(id: string, changes: Partial<PipelineRecord>): Promise<PipelineRecord>
  /** FAILED_PRECONDITION where it has versions, unless they go with it. */
  remove(id: string, withVersions: boolean): Promise<void>
}

export const createPipelines = (
  records: Collection<PipelineRecord>,
  versions: PipelineVersions,
  now: () => number,
): Pipelines => {
  const named = (name: string) => records.list().find(({ pipelineName }) => pipelineName === name)
  const present = (found: PipelineRecord | undefined, what: string): PipelineRecord => {
    if (found) return found
    throw statusError('NOT_FOUND', `There is no pipeline ${what}`)
  }
  const find = (id: string) => present(records.get(id), id)
  const add: Pipelines['add'] = async (given) => {
    const taken = named(given.pipelineName)
    if (taken)
      throw statusError(
        'ALREADY_EXISTS',
        `There is a pipeline ${JSON.stringify(given.pipelineName)} already: upload a version of ${taken.name}, or choose another name`,
      )
    const record = { ...given, name: newUuid(), createdAt: new Date(now()).toISOString() }
    await records.insert(record)
    return record
  }
  return {
    list: () => records.list(),
    find,
    findByName: (name) => present(named(name), `of the name ${JSON.stringify(name)}`),
    add,
    addWithVersion: async (given, version) => {
      const record = await add(given)
      try {
        await versions.add(record.name, version)
      } catch (error) {
        await records.remove(record.name).catch(() => {})
        throw error
      }
      return record
    },
    change: async (id, changes) => {
      const found = find(id)
      return (await records.update(id, (record) => ({ ...record, ...changes }))) ?? found
    },
    remove: async (id, withVersions) => {
      find(id)
      const kept = versions.of(id)
      if (kept.length > 0 && !withVersions)
        throw statusError(
          'FAILED_PRECONDITION',
          `The pipeline ${id} has ${kept.length} version${kept.length === 1 ? '' : 's'}: delete them first, or ask with cascade=true`,
        )
      // Versions without a pipeline are never found, should this be cut short.
      await records.remove(id)
      for (const version of kept) await versions.remove(version)
    },
  }
}
