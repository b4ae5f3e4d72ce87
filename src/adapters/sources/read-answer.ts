import type { z } from 'zod'
import { type Answer, unavailable } from './calls.ts'

/** The body of a JSON answer, checked. What is no such answer comes from something in between, and may pass. */
export const readAnswer = <T extends z.ZodType>(schema: T, { body }: Answer, address: string): z.infer<T> => {
  const read = schema.safeParse(parsed(body))
  if (read.success) return read.data
  throw unavailable(address, `its answer is not what was asked for: ${body.slice(0, 100)}`, read.error)
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
