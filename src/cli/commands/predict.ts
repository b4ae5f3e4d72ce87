import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { Fault, messageOf } from '../../domain/errors.ts'
import { isJsonObject, type Json } from '../../domain/json.ts'
import { whyNot } from '../../domain/why-not.ts'
import { type ClientOptions, connect } from '../client.ts'
import { print, printJson } from '../table.ts'

interface Answer {
  readonly target: string
  readonly endpoint: string
  readonly deployedModel: string
  readonly predictions: readonly Json[]
  readonly request: string | null
}

/** `winnow predict ENDPOINT INSTANCES` */
export const predict = async (
  endpoint: string,
  instances: string,
  options: ClientOptions & { readonly json?: boolean },
): Promise<void> => {
  const client = await connect(options)
  const answer = await client.post<Answer>(`/endpoints/${encodeURIComponent(endpoint)}/predict`, {
    instances: await readInstances(instances),
  })
  if (options.json) return printJson(answer)
  for (const prediction of answer.predictions) print(describePrediction(prediction))
  if (answer.request !== null) print(`request ${answer.request}  (winnow feedback ${endpoint} tells its label)`)
}

const readInstances = async (argument: string): Promise<readonly Json[]> => {
  const written =
    argument === '-'
      ? await text(process.stdin)
      : argument.startsWith('@')
        ? await readFile(argument.slice(1), 'utf8').catch((cause: unknown) => {
            throw new Fault('usage', `${argument.slice(1)} cannot be read: ${whyNot(cause)}`, { cause })
          })
        : argument
  let value: Json
  try {
    value = JSON.parse(written) as Json
  } catch (cause) {
    throw new Fault('usage', `The instances are not JSON: ${messageOf(cause)}`, {
      remedy: 'Give a JSON array such as \'[{"Area": 28395, …}]\', a single object, @FILE, or - for standard input.',
      cause,
    })
  }
  const list = Array.isArray(value) ? value : [value]
  if (list.length === 0) throw new Fault('usage', 'There are no instances', { remedy: 'Give at least one.' })
  return list
}

/** `SEKER 0.982  (BARBUNYA 0.011, …)` for a classification, else the JSON. */
const describePrediction = (prediction: Json): string => {
  if (!isJsonObject(prediction) || !Array.isArray(prediction['classes']) || !Array.isArray(prediction['scores']))
    return JSON.stringify(prediction)
  const scores = prediction['scores'] as readonly number[]
  const ranked = (prediction['classes'] as readonly string[])
    .map((name, i) => ({ name, score: scores[i] ?? 0 }))
    .sort((a, b) => b.score - a.score)
    .map(({ name, score }) => `${name} ${score.toFixed(3)}`)
  return `${ranked[0]}  (${ranked.slice(1, 3).join(', ')}${ranked.length > 3 ? ', …' : ''})`
}
