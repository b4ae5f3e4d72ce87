import type { Collection } from '../records.ts'
import { statusError } from '../status.ts'
import type { ExperimentRecord } from './collections.ts'
import { newUuid } from './ids.ts'

export interface Experiments {
  /** The one of the runs that name none. It is made when it is first asked for. */
  default(): Promise<ExperimentRecord>
  list(): readonly ExperimentRecord[]
  /** NOT_FOUND where there is none of that id. */
  find(id: string): ExperimentRecord
  /** ALREADY_EXISTS where there is one of that name. */
  add(displayName: string, description: string): Promise<ExperimentRecord>
  archive(id: string, archived: boolean): Promise<void>
  remove(id: string): Promise<void>
}

export const createExperiments = (records: Collection<ExperimentRecord>, now: () => number): Experiments => {
  const named = (name: string) => records.list().find(({ displayName }) => displayName === name)
  const find: Experiments['find'] = (id) => {
    const found = records.get(id)
    if (found) return found
    throw statusError('NOT_FOUND', `There is no experiment ${id}`)
  }
  const add: Experiments['add'] = async (displayName, description) => {
    const taken = named(displayName)
    if (taken)
      throw statusError(
        'ALREADY_EXISTS',
        `There is an experiment ${JSON.stringify(displayName)} already: ${taken.name}`,
      )
    const createdAt = new Date(now()).toISOString()
    const record = { name: newUuid(), displayName, description, createdAt, archived: false }
    await records.insert(record)
    return record
  }
  return {
    default: async () => named('Default') ?? add('Default', 'Runs that name no experiment, and those of Vertex AI.'),
    list: () => records.list(),
    find,
    add,
    archive: async (id, archived) => {
      await records.update(find(id).name, (found) => ({ ...found, archived }))
    },
    remove: async (id) => {
      await records.remove(find(id).name)
    },
  }
}
