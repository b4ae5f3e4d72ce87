import { expect, it } from 'vitest'
import { liveGatesOf } from '../../policies/live/live-gates.ts'
import { judgeLiveInThread } from './judge-live-in-thread.ts'
import { judgeLiveTask } from './live-task.ts'

const model = (errors: number) => ({
  requests: 100,
  errors,
  latencies: Float64Array.of(1, 2),
  decided: null,
  labelled: null,
})
const task = {
  gates: liveGatesOf({ gates: [] }, ['healthy'], true),
  judged: { candidate: model(40), champion: model(0) },
  level: { meets: 1, misses: 0.5 },
  chance: { seed: 1, resamples: 200 },
}

it('judges in a thread as it does here', async () => {
  const judged = await judgeLiveInThread(task, new AbortController().signal)
  expect(judged).toEqual(judgeLiveTask(task))
  expect(judged.judgement.outcome).toBe('fail')
})

it('is called off', async () => {
  await expect(judgeLiveInThread(task, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
})
