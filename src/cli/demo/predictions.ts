import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../domain/errors.ts'
import type { EndpointView } from '../../domain/ports/serving.ts'
import type { Client } from '../client.ts'
import type { Stage } from './stage.ts'

/** A bean whose kind is known, and what the endpoint said of it. */
export interface Asked {
  readonly truth: string
  readonly said: string
  readonly score: number
}

interface Prediction {
  readonly classes: readonly string[]
  readonly scores: readonly number[]
}

const kinds = ['BOMBAY', 'HOROZ', 'SEKER']

/** Asks the endpoint about grains that no run has trained on. */
export const askForPredictions = async (client: Client, stage: Stage): Promise<readonly Asked[]> => {
  const file = join(stage.folder, 'unseen.csv')
  await stage.makeBeans(200, 4_711, file)
  const [header = '', ...lines] = (await readFile(file, 'utf8')).trim().split('\n')
  const columns = header.trim().split(',')
  const rows = lines.map((line) =>
    Object.fromEntries(
      line
        .trim()
        .split(',')
        .map((cell, i) => [columns[i] as string, cell]),
    ),
  )
  const chosen = kinds.map((kind) => rows.find((row) => row['Class'] === kind)).filter((row) => row !== undefined)
  const instances = chosen.map(({ Class: _truth, ...features }) =>
    Object.fromEntries(Object.entries(features).map(([name, cell]) => [name, Number(cell)])),
  )
  const { predictions } = await client.post<{ predictions: readonly Prediction[] }>('/endpoints/beans/predict', {
    instances,
  })
  return predictions.map(({ classes, scores }, i) => {
    const best = scores.indexOf(Math.max(...scores))
    return { truth: chosen[i]?.['Class'] ?? '', said: classes[best] ?? '', score: scores[best] ?? 0 }
  })
}

/** `model@version` that has all traffic of an endpoint. */
export const servedBy = async (client: Client, name: string): Promise<string> => {
  const { endpoints } = await client.get<{ endpoints: readonly EndpointView[] }>('/endpoints')
  const endpoint = endpoints.find((found) => found.displayName === name)
  const serving = endpoint?.deployed.find(({ id }) => endpoint.split[id] === 100)
  if (serving === undefined)
    throw new Fault('deploy_failed', `The endpoint ${name} serves nothing with all its traffic`)
  return `${serving.model.split('/').at(-1)}@${serving.modelVersion}`
}
