import { isJsonObject, type Json } from '../../domain/json.ts'
import type { Message } from '../services.ts'
import { statusError } from '../status.ts'

/** The message in a field of a request; INVALID_ARGUMENT where it is missing. */
export const messageIn = (request: Message, field: string): Message => {
  const value = request[field]
  if (isJsonObject(value)) return value
  throw statusError('INVALID_ARGUMENT', `The request has no ${snake(field)}`)
}

/** The text in a field; INVALID_ARGUMENT, naming it as `shown`, where it is missing or empty. */
export const requiredText = (message: Message, field: string, shown = snake(field)): string => {
  const value = message[field]
  if (typeof value === 'string' && value !== '') return value
  throw statusError('INVALID_ARGUMENT', `${shown} is required`)
}

export const textIn = (message: Message, field: string): string | undefined => {
  const value = message[field]
  return typeof value === 'string' && value !== '' ? value : undefined
}

export const textsIn = (message: Message, field: string): readonly string[] => {
  const value: Json | undefined = message[field]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** An id that the caller chose, checked; undefined where it chose none. */
export const chosenId = (request: Message, field: string, pattern: RegExp, rule: string): string | undefined => {
  const id = textIn(request, field)
  if (id === undefined || pattern.test(id)) return id
  throw statusError('INVALID_ARGUMENT', `${snake(field)} ${JSON.stringify(id)} is not allowed: ${rule}`)
}

const snake = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
