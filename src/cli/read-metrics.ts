import { readFile } from 'node:fs/promises'
import { Fault, messageOf } from '../domain/errors.ts'
import { isJsonObject } from '../domain/json.ts'
import type { ModelEvidence } from '../policies/case.ts'
import { whyNot } from './why-not.ts'

/**
 * Stated metrics: a JSON object of numbers by name (`{"latency.p99": 12}`), for a metric by class or column an object of
 * numbers (`{"recall": {"SIRA": 0.9}}`).
 */
export const readMetrics = async (file: string | undefined): Promise<ModelEvidence['evidence']> => {
  if (file === undefined) return { metrics: {}, perClass: {}, confusion: null }
  const refuse = (why: string): never => {
    throw new Fault('usage', `${file} holds no metrics: ${why}`, {
      remedy: 'Write a JSON object of numbers: {"latency.p99": 12, "recall": {"SIRA": 0.9}}.',
    })
  }
  const text = await readFile(file, 'utf8').catch((cause: unknown) => refuse(whyNot(cause)))
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    refuse(messageOf(error))
  }
  if (!isJsonObject(value)) return refuse('it is no JSON object')
  const metrics: Record<string, number> = {}
  const perClass: Record<string, Record<string, number>> = {}
  for (const [name, stated] of Object.entries(value)) {
    if (typeof stated === 'number') metrics[name] = stated
    else if (isJsonObject(stated) && Object.values(stated).every((one) => typeof one === 'number'))
      perClass[name] = stated as Record<string, number>
    else refuse(`${name} is neither a number nor an object of numbers`)
  }
  return { metrics, perClass, confusion: null }
}
