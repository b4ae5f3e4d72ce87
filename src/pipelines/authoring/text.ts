import { misuse } from './call-site.ts'
import type { Source } from './program.ts'
import { sourceOf, toReference } from './references.ts'
import type { Parameter, StringType } from './types.ts'

/** A text with values in it that exist when the pipeline runs: text`hello ${task.output}`. */
export const text = (
  strings: TemplateStringsArray,
  ...values: readonly (Parameter | string | number | boolean)[]
): Parameter<StringType> => {
  const parts: (string | Source)[] = [strings[0] ?? '']
  values.forEach((value, index) => {
    const source = sourceOf(value)
    if (source === undefined) parts.push(String(value))
    else if (source.kind === 'text') parts.push(...source.parts)
    else if (source.kind === 'oneOf' || source.kind === 'collected' || 'schema' in source.type)
      throw misuse('a text can hold inputs, outputs and items that are parameters')
    else parts.push(source)
    parts.push(strings[index + 1] ?? '')
  })
  return toReference<StringType>({ kind: 'text', parts, type: { kind: 'STRING' } }) as Parameter<StringType>
}

/** What is known of the job and the task when it runs, to be given to a task or written into a default. */
export const job = {
  name: '{{$.pipeline_job_name}}',
  resourceName: '{{$.pipeline_job_resource_name}}',
  id: '{{$.pipeline_job_uuid}}',
  taskName: '{{$.pipeline_task_name}}',
  taskId: '{{$.pipeline_task_uuid}}',
  root: '{{$.pipeline_root}}',
  workspace: '{{$.workspace_path}}',
  project: '{{$.pipeline_google_cloud_project_id}}',
  location: '{{$.pipeline_google_cloud_location}}',
  scheduledTime: '{{$.pipeline_job_schedule_time_utc}}',
  createdTime: '{{$.pipeline_job_create_time_utc}}',
} as const
