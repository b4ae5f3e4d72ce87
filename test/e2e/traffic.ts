import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Site } from './site.ts'

export interface Answered {
  readonly request: string
  readonly deployedModel: string
  readonly x: number
  readonly value: number
}

export interface Traffic {
  readonly answers: readonly Answered[]
  /** What was not answered while the controller ran. */
  readonly failures: readonly string[]
  /** Until then nobody minds that nothing answers. */
  readonly pause: () => void
  readonly resume: () => void
  readonly stop: () => Promise<void>
}

/** People who ask the endpoint `numbers` over HTTP, some at a time, until they are told to stop. */
export const startTraffic = async (site: Site, people = 3): Promise<Traffic> => {
  const token = (await readFile(join(site.data, 'token'), 'utf8')).trim()
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answers: Answered[] = []
  const failures: string[] = []
  let [going, paused] = [true, false]

  const ask = async (x: number): Promise<void> => {
    const body = JSON.stringify({ instances: [{ x }] })
    const response = await fetch(`${site.url}/api/v1/endpoints/numbers/predict`, { method: 'POST', headers, body })
    const said = (await response.json()) as {
      readonly request: string
      readonly deployedModel: string
      readonly predictions: readonly { readonly value: number }[]
    }
    if (!response.ok) throw new Error(JSON.stringify(said))
    const { request, deployedModel, predictions } = said
    answers.push({ request, deployedModel, x, value: predictions[0]?.value ?? Number.NaN })
  }
  const person = async (first: number): Promise<void> => {
    for (let x = first; going; x += people) {
      const wasPaused = paused
      await ask(x % 100).catch(async (error: Error) => {
        if (!paused && !wasPaused && going) failures.push(`${error.message} ${(error.cause as Error)?.message ?? ''}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      })
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const all = Promise.all(Array.from({ length: people }, (_, i) => person(i)))
  return {
    answers,
    failures,
    pause: () => {
      paused = true
    },
    resume: () => {
      paused = false
    },
    stop: async () => {
      going = false
      await all
    },
  }
}
