import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openPool } from '../../src/adapters/store/open-pool.ts'
import { createStore } from '../../src/adapters/store/store.ts'
import { reconcileLedger } from '../../src/ledger/reconcile-ledger.ts'
import { clientsOf, parent } from '../platform/site.ts'
import { until } from './controller.ts'
import { processesOf, taskSleeps } from './processes.ts'
import { openSite, type Site } from './site.ts'
import { describeStores } from './stores.ts'

const seed = Number(process.env['WINNOW_TEST_SEED'] ?? 20_260)
const kills = 10
const patience = 300_000

/** Numbers from 0 to 1 that the seed decides: Marsaglia's xorshift over 32 bits. */
const randomNumbers = (start: number) => {
  let state = start | 1
  return (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

const counts = (values: readonly unknown[]): Readonly<Record<string, number>> => {
  const found: Record<string, number> = {}
  for (const value of values) found[String(value)] = (found[String(value)] ?? 0) + 1
  return found
}
const onceEach = (values: readonly unknown[]): Readonly<Record<string, number>> =>
  Object.fromEntries(values.map((value) => [String(value), 1]))

describeStores(`a controller that is killed again and again (seed ${seed})`, 12, (openStores) => {
  let site: Site
  let pushes = 0
  const acknowledged = new Set<number>()
  beforeAll(async () => {
    site = await openSite(await openStores())
    await site.start()
  })
  afterAll(() => site?.close())

  const push = async (): Promise<void> => {
    pushes += 1
    for (const id of await site.push()) acknowledged.add(id)
  }

  it('ends the tasks that its dead self left running, and runs them again', async () => {
    await site.setPace(300)
    await site.commitNumbers(1, 0.95)
    await push()
    const tasks = join(site.data, 'platform', 'jobs')
    await until('the task to run', () => taskSleeps(site.data))
    const left = processesOf(tasks)
    expect(left).not.toEqual([])
    // In a sandbox they end with the controller; without one its next life ends them.
    await site.kill()
    await site.setPace(0.3)
    await site.start()
    await until('what was left to be gone', () => processesOf(tasks).every((pid) => !left.includes(pid)))
    const { run, releases } = await site.settledRun(1)
    expect(run).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect(releases).toMatchObject([{ state: 'live' }])
    expect((await site.predict<{ value: number }>('numbers', { x: 10 })).value).toBe(10)
  }, 300_000)

  it(
    `goes on after each of ${kills} kills`,
    async () => {
      const random = randomNumbers(seed)
      for (let i = 0; i < kills; i += 1) {
        await site.commitNumbers(10 + i, random() < 0.7 ? 0.95 : 0.5)
        const pushing = push()
        await wait(random() * 4_000)
        await site.kill()
        // Some die again before they are ready.
        if (i % 4 === 3) {
          site.spawn()
          await wait(random() * 2_000)
          await site.kill()
        }
        await site.start()
        await pushing
      }
      // What the hook could not deliver meanwhile goes with this push.
      await site.commitNumbers(99, 0.99)
      await push()
      await site.settle()
      expect(acknowledged.size).toBe(pushes)
    },
    patience,
  )

  it('has given every change one outcome, and every push one change', async () => {
    const { changes, sum } = await site.changes()
    expect(new Set(changes.map(({ id }) => id))).toEqual(acknowledged)
    expect(changes).toHaveLength(pushes)
    expect(counts(changes.map(({ what }) => what))).toEqual(onceEach(changes.map(({ what }) => what)))
    expect(Object.values(sum).reduce((all, count) => all + count, 0)).toBe(acknowledged.size)
  })

  it('has made one job for every run that was launched', async () => {
    const shown = await Promise.all((await site.runs()).runs.map(({ id }) => site.shownRun(id)))
    const launched = shown.filter(({ run }) => run.jobId !== null && run.state !== 'reused')
    const clients = clientsOf(site.platformPort)
    try {
      const [jobs] = await clients.pipelines.listPipelineJobs({ parent })
      expect(counts(jobs.map(({ labels }) => labels?.['winnow-run']))).toEqual(
        onceEach(launched.map(({ run }) => run.id)),
      )
      expect(counts(jobs.map(({ state }) => state))).toEqual({ PIPELINE_STATE_SUCCEEDED: launched.length })
    } finally {
      await clients.close()
    }
  })

  it('serves the last good model with all traffic, and nothing else', async () => {
    const endpoint = await site.endpoint('numbers')
    expect(endpoint.deployed).toHaveLength(1)
    expect(endpoint.split).toEqual({ [endpoint.deployed[0]?.id as string]: 100 })
    expect((await site.predict<{ value: number }>('numbers', { x: 10 })).value).toBe(990)
  })

  it('leaves no process behind, and a ledger that agrees with itself', async () => {
    expect(await site.stop()).toEqual({ exitCode: 0, signal: null })
    expect(processesOf(site.data)).toEqual([])
    const pool = await openPool(site.pool)
    try {
      const store = await createStore(pool)
      expect(reconcileLedger(await store.account(null))).toMatchObject({ faults: [], acknowledged: acknowledged.size })
      const changes = await store.list('change', {}, 1_000)
      const runs = await store.list('run', {}, 1_000)
      const verdicts = await store.list('verdict', {}, 1_000)
      const releases = await store.list('release', {}, 1_000)
      const started = changes.filter(({ state }) => state === 'started')
      // A push that a newer one overtook before its run was launched has that run, which says so, or none.
      const overtaken = new Set(changes.filter(({ state }) => state === 'superseded').map(({ id }) => id))
      const given = runs.filter(({ change }) => !overtaken.has(change))
      const givenUp = runs.filter(({ change }) => overtaken.has(change))
      expect(counts(given.map(({ change }) => change))).toEqual(onceEach(started.map(({ id }) => id)))
      expect(givenUp.filter(({ state, jobId }) => state !== 'superseded' || jobId !== null)).toEqual([])
      expect(givenUp).toHaveLength(new Set(givenUp.map(({ change }) => change)).size)
      const judged = runs.filter(({ state }) => state === 'succeeded' || state === 'reused')
      expect(counts(verdicts.map(({ run }) => run))).toEqual(onceEach(judged.map(({ id }) => id)))
      expect(verdicts.filter(({ state }) => state === 'pending')).toEqual([])
      // Every release has its passing verdict; one is live, and it is the one that was pushed last.
      const passed = new Set(verdicts.filter(({ state }) => state === 'pass').map(({ id }) => id))
      expect(releases.filter(({ verdict }) => !passed.has(verdict))).toEqual([])
      expect(counts(releases.map(({ verdict }) => verdict))).toEqual(onceEach([...passed]))
      const live = releases.filter(({ state }) => state === 'live')
      expect(live.map(({ run }) => runs.find(({ id }) => id === run)?.parameters['factor'])).toEqual([99])
      expect(counts(releases.map(({ state }) => state))).not.toHaveProperty('stuck')
    } finally {
      await pool.end()
    }
  })
})
