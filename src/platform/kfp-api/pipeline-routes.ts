import type { JsonObject } from '../../domain/json.ts'
import { statusError } from '../status.ts'
import { fieldOf, objectField, requiredField, tagsField, textField } from './fields.ts'
import { pageOf } from './paging.ts'
import { irOfStruct } from './pipeline-source.ts'
import type { Pipelines } from './pipelines.ts'
import { type Asked, objectBody, type Route } from './routes.ts'
import { shownPipeline } from './show-pipeline.ts'

const keys = ['pipeline_id', 'name', 'display_name', 'description', 'created_at']

/** A name and what people see in its place; either stands for the other. */
const namesIn = (message: JsonObject, shown: string): { name: string; displayName: string } => {
  const displayName = textField(message, 'display_name', `${shown}.display_name`)
  const name = textField(message, 'name', `${shown}.name`) || displayName
  if (name.trim() === '') throw statusError('INVALID_ARGUMENT', `${shown}.name is required`)
  return { name, displayName: displayName || name }
}

const pipelineIn = (message: JsonObject) => {
  const { name, displayName } = namesIn(message, 'pipeline')
  const description = textField(message, 'description', 'pipeline.description')
  return { pipelineName: name, displayName, description, tags: tagsField(message, 'pipeline.tags') }
}

/** What a version is made of. The platform fetches nothing: a spec comes with the call, or as an upload. */
export const versionIn = (message: JsonObject) => {
  const { name, displayName } = namesIn(message, 'pipeline_version')
  const struct = objectField(message, 'pipeline_spec', 'pipeline_version.pipeline_spec')
  if (struct === undefined && fieldOf(message, 'package_url') !== undefined)
    throw statusError(
      'UNIMPLEMENTED',
      'pipeline_version.package_url: the embedded platform fetches no packages; upload the file, or give pipeline_spec',
    )
  if (struct === undefined) throw statusError('INVALID_ARGUMENT', 'pipeline_version.pipeline_spec is required')
  return {
    versionName: name,
    displayName,
    description: textField(message, 'description', 'pipeline_version.description'),
    codeSourceUrl: textField(message, 'code_source_url', 'pipeline_version.code_source_url'),
    tags: tagsField(message, 'pipeline_version.tags'),
    ir: irOfStruct(struct),
  }
}

/** The members that an update names; all others stay. */
export const changesIn = (message: JsonObject, shown: string) => ({
  ...(fieldOf(message, 'display_name') !== undefined && {
    displayName: requiredField(message, 'display_name', `${shown}.display_name`),
  }),
  ...(fieldOf(message, 'description') !== undefined && {
    description: textField(message, 'description', `${shown}.description`),
  }),
  ...(fieldOf(message, 'tags') !== undefined && { tags: tagsField(message, `${shown}.tags`) }),
})

const idIn = ({ ids }: Asked): string => ids['id'] ?? ''

export const pipelineRoutes = (pipelines: Pipelines): readonly Route[] => [
  {
    method: 'POST',
    path: '/pipelines',
    answer: async (asked) => ({ body: shownPipeline(await pipelines.add(pipelineIn(objectBody(asked)))) }),
  },
  {
    method: 'POST',
    path: '/pipelines/create',
    answer: async (asked) => {
      const body = objectBody(asked)
      const version = versionIn({
        ...objectField(body, 'pipeline'),
        ...objectField(body, 'pipeline_version'),
      })
      const pipeline = pipelineIn(objectField(body, 'pipeline') ?? {})
      return { body: shownPipeline(await pipelines.addWithVersion(pipeline, version)) }
    },
  },
  {
    method: 'GET',
    path: '/pipelines',
    answer: ({ query }) => {
      const { items, total, nextPageToken } = pageOf(pipelines.list().map(rowOf), query, keys)
      const found = items.map(({ pipeline_id }) => shownPipeline(pipelines.find(pipeline_id)))
      return { body: { pipelines: found, total_size: total, next_page_token: nextPageToken } }
    },
  },
  {
    method: 'GET',
    path: '/pipelines/names/:name',
    answer: ({ ids }) => ({ body: shownPipeline(pipelines.findByName(ids['name'] ?? '')) }),
  },
  {
    method: 'GET',
    path: '/pipelines/:id',
    answer: (asked) => ({ body: shownPipeline(pipelines.find(idIn(asked))) }),
  },
  {
    method: 'PATCH',
    path: '/pipelines/:id',
    answer: async (asked) => {
      const changes = changesIn(objectBody(asked), 'pipeline')
      return { body: shownPipeline(await pipelines.change(idIn(asked), changes)) }
    },
  },
  {
    method: 'DELETE',
    path: '/pipelines/:id',
    answer: async (asked) => {
      await pipelines.remove(idIn(asked), asked.query.get('cascade')?.toLowerCase() === 'true')
      return { body: {} }
    },
  },
]

const rowOf = (record: Parameters<typeof shownPipeline>[0]) => {
  const { tags: _, ...row } = shownPipeline(record)
  return row
}
