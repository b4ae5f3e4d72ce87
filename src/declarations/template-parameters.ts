import type { Json, JsonObject } from '../domain/json.ts'
import { fitsParameterType } from '../domain/parameter-type.ts'
import { type TemplateName, type TemplateParameter, templates } from '../domain/templates.ts'
import { describeValue, didYouMean } from './describe-issue.ts'

/** What is wrong with one of a template's parameters; `name` is null where it is missing. */
interface TemplateFault {
  readonly name: string | null
  readonly message: string
  /** Whether the name is wrong, or what stands behind it. */
  readonly at: 'key' | 'value'
}

/** What is wrong with the parameters that winnow.yaml gives a template. `supplied` come from elsewhere, such as a data trigger. */
export const templateParameterFaults = (
  template: TemplateName,
  given: JsonObject,
  supplied: readonly string[],
): readonly TemplateFault[] => {
  const known: Readonly<Record<string, TemplateParameter>> = templates[template]
  const names = Object.keys(known)
  const faults: TemplateFault[] = []
  for (const [name, value] of Object.entries(given)) {
    const parameter = Object.hasOwn(known, name) ? known[name] : undefined
    if (parameter === undefined) {
      const hint = didYouMean(name, names) || `, expected one of ${names.join(', ')}`
      faults.push({ name, at: 'key', message: `${template} has no such parameter${hint}` })
    } else if (value !== undefined) {
      const fault = valueFault(parameter, value)
      if (fault !== undefined) faults.push({ name, at: 'value', message: fault })
    }
  }
  for (const [name, parameter] of Object.entries(known)) {
    if (Object.hasOwn(given, name) || supplied.includes(name)) continue
    if (parameter.default === undefined && parameter.optional !== true)
      faults.push({ name: null, at: 'key', message: `${template} needs ${name}: ${parameter.description}` })
  }
  const set = (name: string): boolean => supplied.includes(name) || Object.hasOwn(given, name)
  for (const names of alternatives)
    if (!names.some(set)) faults.push({ name: null, at: 'key', message: `${template} needs ${names.join(' or ')}` })
  for (const [flag, source] of Object.entries(sourcesOfSteps))
    if (given[flag] === true && !set(source))
      faults.push({ name: flag, at: 'key', message: `needs ${source}: the files that it is done with` })
  for (const name of supplied)
    if (!Object.hasOwn(known, name)) {
      const hint = didYouMean(name, names) || `, expected one of ${names.join(', ')}`
      faults.push({
        name: null,
        at: 'key',
        message: `on.data names ${name}, which ${template} does not have${hint}`,
      })
    }
  return faults
}

/** One of these says where the rows come from. */
const alternatives = [['gcs_source', 'bq_source']] as const
/** Steps that are asked for by a flag, and what they work on. */
const sourcesOfSteps: Readonly<Record<string, string>> = {
  run_evaluation: 'evaluation_source',
  run_batch_predict: 'batch_predict_source',
}

const typeWords: Readonly<Record<TemplateParameter['type'], string>> = {
  STRING: 'text',
  NUMBER_INTEGER: 'a whole number',
  NUMBER_DOUBLE: 'a number',
  BOOLEAN: 'true or false',
  LIST: 'a list',
  STRUCT: 'a mapping',
}

const valueFault = ({ type, oneOf }: TemplateParameter, value: Json): string | undefined => {
  if (!fitsParameterType(type, value)) return `expected ${typeWords[type]}, got ${describeValue(value)}`
  if (oneOf === undefined || oneOf.includes(value as string)) return undefined
  return `expected one of ${oneOf.join(', ')}, got ${describeValue(value)}${didYouMean(value as string, oneOf)}`
}
