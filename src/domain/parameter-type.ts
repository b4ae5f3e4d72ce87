import { isJsonObject, type Json } from './json.ts'

/** Whether a value is of a type of KFP's parameters. Older specs name types otherwise (`INT`): those fit whatever comes. */
export const fitsParameterType = (type: Json | undefined, value: Json): boolean => {
  switch (type) {
    case 'STRING':
      return typeof value === 'string'
    case 'NUMBER_INTEGER':
      return Number.isInteger(value)
    case 'NUMBER_DOUBLE':
      return typeof value === 'number'
    case 'BOOLEAN':
      return typeof value === 'boolean'
    case 'LIST':
      return Array.isArray(value)
    case 'STRUCT':
      return isJsonObject(value)
    default:
      return true
  }
}
