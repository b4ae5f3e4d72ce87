import { basename } from 'node:path'
import type { JsonObject } from '../../domain/json.ts'
import { statusError } from '../status.ts'
import { tagsField } from './fields.ts'
import { irOfPackage } from './pipeline-source.ts'
import type { PipelineVersions } from './pipeline-versions.ts'
import type { Pipelines } from './pipelines.ts'
import type { Asked, Route } from './routes.ts'
import { shownPipeline, shownVersion } from './show-pipeline.ts'
import { uploadedFile } from './upload-form.ts'

/** Tags come as JSON in the query. */
const tagsIn = (query: URLSearchParams): Readonly<Record<string, string>> => {
  const text = query.get('tags') ?? ''
  if (text === '') return {}
  try {
    return tagsField({ tags: JSON.parse(text) as JsonObject }, 'tags')
  } catch (cause) {
    throw statusError('INVALID_ARGUMENT', 'tags is not a JSON object of texts', cause)
  }
}

/** The file's pipeline, and what the query says of it. Without a name it is called as the file is. */
const uploadIn = async (asked: Asked) => {
  const { name: file, bytes } = await uploadedFile(asked)
  const text = (field: string) => asked.query.get(field) ?? ''
  const name = text('name') || text('display_name') || basename(file)
  const displayName = text('display_name') || name
  const shared = { displayName, description: text('description'), tags: tagsIn(asked.query) }
  return { name, shared, ir: await irOfPackage(bytes, basename(file)) }
}

export const uploadRoutes = (pipelines: Pipelines, versions: PipelineVersions): readonly Route[] => [
  {
    method: 'POST',
    path: '/pipelines/upload',
    // A pipeline with its first version, which has its name.
    answer: async (asked) => {
      const { name, shared, ir } = await uploadIn(asked)
      const version = { ...shared, versionName: name, codeSourceUrl: '', ir }
      return { body: shownPipeline(await pipelines.addWithVersion({ ...shared, pipelineName: name }, version)) }
    },
  },
  {
    method: 'POST',
    path: '/pipelines/upload_version',
    answer: async (asked) => {
      const id = asked.query.get('pipelineid') ?? ''
      if (id === '') throw statusError('INVALID_ARGUMENT', 'pipelineid is required: the pipeline that gets the version')
      const { name: pipeline } = pipelines.find(id)
      const { name, shared, ir } = await uploadIn(asked)
      return {
        body: shownVersion(await versions.add(pipeline, { ...shared, versionName: name, codeSourceUrl: '', ir })),
      }
    },
  },
]
