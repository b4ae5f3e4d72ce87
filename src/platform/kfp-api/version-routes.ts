import { pageOf } from './paging.ts'
import { changesIn, versionIn } from './pipeline-routes.ts'
import type { PipelineVersions } from './pipeline-versions.ts'
import type { Pipelines } from './pipelines.ts'
import { type Asked, objectBody, type Route } from './routes.ts'
import { shownVersion, versionRow } from './show-pipeline.ts'

const keys = ['pipeline_version_id', 'pipeline_id', 'name', 'display_name', 'description', 'created_at']

export const versionRoutes = (pipelines: Pipelines, versions: PipelineVersions): readonly Route[] => {
  const find = ({ ids: { id = '', version = '' } }: Asked) => versions.find(pipelines.find(id).name, version)
  return [
    {
      method: 'POST',
      path: '/pipelines/:id/versions',
      answer: async (asked) => {
        const { name } = pipelines.find(asked.ids['id'] ?? '')
        return { body: shownVersion(await versions.add(name, versionIn(objectBody(asked)))) }
      },
    },
    {
      method: 'GET',
      path: '/pipelines/:id/versions',
      answer: ({ ids, query }) => {
        const { name } = pipelines.find(ids['id'] ?? '')
        const { items, total, nextPageToken } = pageOf(versions.of(name).map(versionRow), query, keys)
        const found = items.map((row) => shownVersion(versions.find(name, row.pipeline_version_id)))
        return { body: { pipeline_versions: found, total_size: total, next_page_token: nextPageToken } }
      },
    },
    {
      method: 'GET',
      path: '/pipelines/:id/versions/:version',
      answer: (asked) => ({ body: shownVersion(find(asked)) }),
    },
    {
      method: 'PATCH',
      path: '/pipelines/:id/versions/:version',
      answer: async (asked) => {
        const changes = changesIn(objectBody(asked), 'pipeline_version')
        return { body: shownVersion(await versions.change(find(asked), changes)) }
      },
    },
    {
      method: 'DELETE',
      path: '/pipelines/:id/versions/:version',
      // Runs of it keep their own copy of the spec.
      answer: async (asked) => {
        await versions.remove(find(asked))
        return { body: {} }
      },
    },
  ]
}
