import { type ExperimentRecord, storageState } from './collections.ts'
import type { Experiments } from './experiments.ts'
import { requiredField, textField } from './fields.ts'
import { pageOf } from './paging.ts'
import { objectBody, type Route } from './routes.ts'
import type { Runs } from './runs.ts'
import { runRow } from './show-run.ts'

const keys = [
  'experiment_id',
  'display_name',
  'name',
  'description',
  'created_at',
  'storage_state',
  'last_run_created_at',
]

const shown = (record: ExperimentRecord, lastRun?: string) => ({
  experiment_id: record.name,
  display_name: record.displayName,
  ...(record.description !== '' && { description: record.description }),
  created_at: record.createdAt,
  storage_state: storageState(record.archived),
  ...(lastRun !== undefined && { last_run_created_at: lastRun }),
})

/** When the newest run of each experiment was made. */
const lastRunsOf = async (runs: Runs): Promise<ReadonlyMap<string, string>> => {
  const last = new Map<string, string>()
  for (const run of await runs.list()) {
    const { experiment_id, created_at } = runRow(run)
    if (created_at > (last.get(experiment_id) ?? '')) last.set(experiment_id, created_at)
  }
  return last
}

export const experimentRoutes = (experiments: Experiments, runs: Runs): readonly Route[] => [
  {
    method: 'POST',
    path: '/experiments',
    answer: async (asked) => {
      const body = objectBody(asked)
      const name = requiredField(body, 'display_name')
      return { body: shown(await experiments.add(name, textField(body, 'description'))) }
    },
  },
  {
    method: 'GET',
    path: '/experiments',
    answer: async ({ query }) => {
      await experiments.default()
      const last = await lastRunsOf(runs)
      const rows = experiments.list().map((record) => ({
        ...shown(record, last.get(record.name)),
        name: record.displayName,
      }))
      const { items, total, nextPageToken } = pageOf(rows, query, keys)
      const found = items.map(({ name: _, ...item }) => item)
      return { body: { experiments: found, total_size: total, next_page_token: nextPageToken } }
    },
  },
  {
    method: 'GET',
    path: '/experiments/:id',
    answer: async ({ ids }) => {
      const record = experiments.find(ids['id'] ?? '')
      return { body: shown(record, (await lastRunsOf(runs)).get(record.name)) }
    },
  },
  {
    method: 'DELETE',
    path: '/experiments/:id',
    // As Kubeflow does it: its runs stay.
    answer: async ({ ids }) => {
      await experiments.remove(ids['id'] ?? '')
      return { body: {} }
    },
  },
  {
    method: 'POST',
    path: '/experiments/:id',
    verb: 'archive',
    // Its runs go with it. Those that are to come back do so one by one.
    answer: async ({ ids }) => {
      const id = ids['id'] ?? ''
      await experiments.archive(id, true)
      for (const { record } of await runs.list()) if (record.experimentId === id) await runs.archive(record.name, true)
      return { body: {} }
    },
  },
  {
    method: 'POST',
    path: '/experiments/:id',
    verb: 'unarchive',
    answer: async ({ ids }) => {
      await experiments.archive(ids['id'] ?? '', false)
      return { body: {} }
    },
  },
]
