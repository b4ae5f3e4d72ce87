import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from './controller.ts'
import { taskSleeps } from './processes.ts'
import { openSite, type Site } from './site.ts'
import { embeddedStores } from './stores.ts'

describe('two pushes under way at once', () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite(embeddedStores())
    await site.start()
  })
  afterAll(() => site?.close())

  it('leaves the newer one serving, also where the older one takes longer', async () => {
    await site.setPace(12)
    await site.commitNumbers(2, 0.95)
    const [older] = await site.push()
    await until('the task to run', () => taskSleeps(site.data))
    await site.setPace(0.1)
    await site.commitNumbers(3, 0.95)
    const [newer] = await site.push()
    const states = []
    for (const change of [newer, older]) {
      const { runs } = await site.ended(change as number)
      const { run, releases } = await site.settledRun(runs[0] as number)
      expect(run.state).toBe('succeeded')
      states.push(...releases.map(({ state }) => state))
    }
    expect(states).toEqual(['live', 'superseded'])
    expect((await site.predict<{ value: number }>('numbers', { x: 10 })).value).toBe(30)
  }, 300_000)
})
