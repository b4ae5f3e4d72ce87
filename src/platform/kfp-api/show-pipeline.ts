import type { PipelineRecord, VersionRecord } from './collections.ts'
import { structOf } from './pipeline-source.ts'

export const shownPipeline = (record: PipelineRecord) => ({
  pipeline_id: record.name,
  name: record.pipelineName,
  display_name: record.displayName,
  description: record.description,
  created_at: record.createdAt,
  ...(Object.keys(record.tags).length > 0 && { tags: record.tags }),
})

/** The ids of a version by its record's name. */
const versionIds = (name: string) => {
  const [pipeline_id = '', pipeline_version_id = ''] = name.split('/')
  return { pipeline_id, pipeline_version_id }
}

export const versionRow = (record: VersionRecord) => {
  const { pipeline_id, pipeline_version_id } = versionIds(record.name)
  return {
    pipeline_version_id,
    pipeline_id,
    name: record.versionName,
    display_name: record.displayName,
    description: record.description,
    created_at: record.createdAt,
    ...(record.codeSourceUrl !== '' && { code_source_url: record.codeSourceUrl }),
  }
}

export const shownVersion = (record: VersionRecord) => ({
  ...versionRow(record),
  pipeline_spec: structOf(record.ir),
  ...(Object.keys(record.tags).length > 0 && { tags: record.tags }),
})
