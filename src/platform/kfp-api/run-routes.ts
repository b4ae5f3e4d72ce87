import { type NewRunPorts, newRun } from './new-run.ts'
import { pageOf } from './paging.ts'
import { objectBody, type Route } from './routes.ts'
import type { Runs } from './runs.ts'
import { runRow, shownRun } from './show-run.ts'

const keys = [
  ...['run_id', 'display_name', 'name', 'created_at', 'finished_at', 'state', 'storage_state', 'experiment_id'],
  ...['description', 'service_account', 'pipeline_id', 'pipeline_version_id'],
]

const verbs = {
  terminate: (runs: Runs, id: string) => runs.terminate(id),
  retry: (runs: Runs, id: string) => runs.retry(id),
  archive: (runs: Runs, id: string) => runs.archive(id, true),
  unarchive: (runs: Runs, id: string) => runs.archive(id, false),
} as const

export const runRoutes = (runs: Runs, ports: NewRunPorts): readonly Route[] => [
  {
    method: 'POST',
    path: '/runs',
    answer: async (asked) => {
      const { run, told } = await newRun(objectBody(asked), ports)
      await runs.create(run)
      return { body: shownRun(run), warnings: told.map((line) => `left out here: ${line}`) }
    },
  },
  {
    method: 'GET',
    path: '/runs',
    answer: async ({ query }) => {
      const experiment = query.get('experiment_id') ?? ''
      const all = await runs.list()
      const asked = all.filter(({ record }) => experiment === '' || record.experimentId === experiment)
      const byId = new Map(asked.map((run) => [run.record.name, run]))
      const { items, total, nextPageToken } = pageOf(asked.map(runRow), query, keys)
      const found = items.flatMap(({ run_id }) => byId.get(run_id) ?? []).map(shownRun)
      return { body: { runs: found, total_size: total, next_page_token: nextPageToken } }
    },
  },
  {
    method: 'GET',
    path: '/runs/:id',
    answer: async ({ ids }) => ({ body: shownRun(await runs.find(ids['id'] ?? '')) }),
  },
  {
    method: 'DELETE',
    path: '/runs/:id',
    answer: async ({ ids }) => {
      await runs.remove(ids['id'] ?? '')
      return { body: {} }
    },
  },
  ...Object.entries(verbs).map(
    ([verb, act]): Route => ({
      method: 'POST',
      path: '/runs/:id',
      verb,
      answer: async ({ ids }) => {
        await act(runs, ids['id'] ?? '')
        return { body: {} }
      },
    }),
  ),
]
