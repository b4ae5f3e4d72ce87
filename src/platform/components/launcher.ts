import { isJsonObject, type JsonObject } from '../../domain/json.ts'
import { badArgument, type Options, readCommandLine, readOptions, readPayload, withoutEmpty } from './arguments.ts'
import type { ComponentCall } from './component.ts'

const options = ['type', 'payload', 'project', 'location', 'gcp_resources', 'executor_input', 'parent_model_name']

/** A field of a payload: carried out, or accepted with a note in the log that it has no effect on one machine. */
export type PayloadField = string | { readonly name: string; readonly note: string }

/**
 * Reads the command line of a launcher with a payload: the request without its empty fields, and the place where the
 * resource is to be. A field that `fields` does not name is a Fault `component_unsupported`.
 */
export const launcher = (
  component: string,
  call: ComponentCall,
  fields: readonly PayloadField[],
): { payload: JsonObject; parent: string; options: Options } => {
  const given = readOptions(component, readCommandLine(call.args)?.options ?? {}, options)
  const payload = withoutEmpty(readPayload(component, given.requiredText('payload')))
  for (const name of fieldNames(payload, fields)) {
    const field = fields.find((each) => nameOf(each) === name)
    if (field === undefined)
      throw badArgument(component, name, 'is not carried out on this machine', 'Leave it out, or run on Vertex AI.')
    if (typeof field === 'object') call.log(`${name} has no effect here: ${field.note}`)
  }
  const project = given.text('project') ?? call.job.project
  const location = given.text('location') ?? call.job.location
  return { payload, parent: `projects/${project}/locations/${location}`, options: given }
}

const nameOf = (field: PayloadField): string => (typeof field === 'string' ? field : field.name)

/** The payload's fields; where `fields` names members of a field (`a.b`), those instead of the field. */
const fieldNames = (payload: JsonObject, fields: readonly PayloadField[], prefix = ''): readonly string[] =>
  Object.entries(payload).flatMap(([key, value]) => {
    const name = `${prefix}${key}`
    const divided = fields.some((field) => nameOf(field).startsWith(`${name}.`))
    return divided && isJsonObject(value) ? fieldNames(value, fields, `${name}.`) : [name]
  })
