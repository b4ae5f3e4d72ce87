import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OpenStore } from '../../src/adapters/store/store.ts'
import { digestJson } from '../../src/domain/digest.ts'
import { Fault } from '../../src/domain/errors.ts'
import type { NewRow } from '../../src/domain/ports/store.ts'
import type { Run } from '../../src/domain/run.ts'
import { createRunner, type RunnableStep, type RunnerPorts } from '../../src/workers/running/runner.ts'
import { someRun } from '../fakes/rows.ts'
import { until } from '../store/databases.ts'
import { someVerdict, unique } from '../store/rows.ts'
import { createWaitingJobs } from './in-memory-queue.ts'
import { createRecordingLog, openLedger, stepsWith } from './ledger.ts'

describe('the runner', () => {
  let store: OpenStore
  let clock: { now: number }
  let dispose: () => Promise<void>
  beforeAll(async () => {
    ;({ store, clock, dispose } = await openLedger())
  })
  afterAll(() => dispose())

  const signal = new AbortController().signal
  const newRun = (over: Partial<NewRow<'run'>> = {}): Promise<Run> =>
    store.transaction((tx) => tx.insert('run', someRun({ nextAt: null, ...over })))
  const runnerOf = (build: RunnableStep<'run'>, more: Partial<RunnerPorts> = {}) => {
    const queue = createWaitingJobs()
    const log = createRecordingLog()
    const steps = stepsWith({ build, launch: build })
    return { queue, log, ...createRunner({ store, queue, steps, now: () => clock.now, log, ...more }) }
  }
  const jobOf = ({ id, version }: Run) => ({ step: 'build', id, version }) as const
  const isDue = async ({ id }: Run) =>
    (await store.due('run', ['wanted', 'built'], clock.now, 1_000)).some((row) => row.id === id)

  it('hands the row to the step, which owns it meanwhile, and lets go of it afterwards', async () => {
    const run = await newRun()
    let seen: Run | undefined
    const { handle } = runnerOf(async (row, context) => {
      seen = row
      expect(context.now()).toBe(clock.now)
      expect(await store.claim('run', row.id, row.version, clock.now + 1)).toBeUndefined()
      await store.transaction((tx) => tx.update('run', { ...row, state: 'built' }))
    })
    await handle(jobOf(run), signal)
    expect(seen).toEqual({ ...run, version: 2 })
    expect(await store.claim('run', run.id, 3, clock.now + 1)).toMatchObject({ state: 'built' })
  })

  it('does the same job once, however often it is handed out, one after the other or at once', async () => {
    const run = await newRun()
    let calls = 0
    const { handle } = runnerOf(async (row) => {
      calls += 1
      await store.transaction((tx) => tx.update('run', { ...row, state: 'built' }))
    })
    await Promise.all([handle(jobOf(run), signal), handle(jobOf(run), signal), handle(jobOf(run), signal)])
    await handle(jobOf(run), signal)
    expect(calls).toBe(1)
  })

  it('does nothing for a row that is not there', async () => {
    const { handle } = runnerOf(async () => expect.unreachable())
    await handle({ step: 'build', id: 999_999_999, version: 1 }, signal)
  })

  it('waits a moment for the step before to let go', async () => {
    const run = await newRun()
    await store.claim('run', run.id, 1, clock.now + 1_000)
    let called = false
    const { handle } = runnerOf(async () => {
      called = true
    })
    const handled = handle({ ...jobOf(run), version: 2 }, signal)
    await store.unclaim('run', run.id, 2)
    await handled
    expect(called).toBe(true)
  })

  it('puts off what may pass, longer each time, and counts', async () => {
    const run = await newRun()
    const { handle, log } = runnerOf(async () => {
      throw new Fault('target_unavailable', 'nobody is there', { retryable: true })
    })
    let version = 1
    for (const [failures, wait] of [
      [1, 1_000],
      [2, 2_000],
      [3, 4_000],
    ] as const) {
      await handle({ ...jobOf(run), version }, signal)
      const row = await store.get('run', run.id)
      version = row?.version ?? 0
      expect(row).toMatchObject({ failures, nextAt: clock.now + wait, state: 'wanted' })
      const outbox = (await store.outbox(1_000)).filter(({ job }) => job.id === run.id)
      expect(outbox.at(-1)).toMatchObject({ job: { step: 'build', version }, at: clock.now + wait })
      clock.now += wait
    }
    expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'warn', 'warn'])
  })

  it('puts off rows that have no field for it just the same', async () => {
    const verdict = await store.transaction((tx) => tx.insert('verdict', someVerdict({ run: 77 })))
    const judge = async () => {
      throw new Fault('store_unavailable', 'away', { retryable: true })
    }
    const { handle } = runnerOf(async () => {}, { steps: stepsWith({ judge }) })
    await handle({ step: 'judge', id: verdict.id, version: 1 }, signal)
    const outbox = (await store.outbox(1_000)).filter(({ job }) => job.step === 'judge' && job.id === verdict.id)
    expect(outbox).toMatchObject([{ at: clock.now + 1_000 }])
    const due = async () => (await store.due('verdict', ['pending'], clock.now, 1_000)).length
    await store.removeFromOutbox(outbox.map(({ sequence }) => sequence))
    expect(await due()).toBe(0)
    clock.now += 1_000
    expect(await due()).toBe(1)
  })

  it.each([
    [
      'a fault that stays',
      new Fault('compile_failed', 'no such file', { remedy: 'Add the file.' }),
      'build: no such file. Add the file.',
    ],
    ['an error of ours', new TypeError('undefined is not a function'), 'build: undefined is not a function.'],
  ])('parks the row on %s, and says so loudly', async (_, error, message) => {
    const run = await newRun()
    const { handle, log } = runnerOf(async () => {
      throw error
    })
    await handle(jobOf(run), signal)
    expect(await store.parked()).toContainEqual({ kind: 'run', id: run.id, message })
    expect(await isDue(run)).toBe(false)
    expect(log.lines).toMatchObject([{ level: 'error', fields: { error } }])
  })

  it("hands a fault that stays to the step's own answer to it", async () => {
    const run = await newRun()
    const step: RunnableStep<'run'> = Object.assign(
      async (row: Run) => {
        await store.transaction((tx) => tx.update('run', { ...row, reason: 'intent' }))
        throw new Fault('target_refused', 'quota')
      },
      {
        onFault: async (row: Run, fault: Fault) => {
          await store.transaction((tx) =>
            tx.update('run', { ...row, state: 'failed', details: [fault.message, row.reason] }),
          )
        },
      },
    )
    const { handle, log } = runnerOf(step)
    await handle(jobOf(run), signal)
    expect(await store.get('run', run.id)).toMatchObject({ state: 'failed', details: ['quota', 'intent'] })
    expect(log.lines).toEqual([])
  })

  it('takes a row that moved on under the step as done, and asks again for what the row wants now', async () => {
    const run = await newRun()
    const { handle, queue, log } = runnerOf(async (row) => {
      await store.transaction((tx) => tx.update('run', { ...row, cancelRequested: true }))
      await store.transaction((tx) => tx.update('run', { ...row, state: 'built' }))
    })
    await handle(jobOf(run), signal)
    const row = await store.get('run', run.id)
    expect(row).toMatchObject({ cancelRequested: true, state: 'wanted', failures: 0 })
    expect(queue.take().map(({ job }) => job)).toEqual([{ step: 'build', id: run.id, version: row?.version }])
    expect(await isDue(run)).toBe(true)
    expect(log.lines).toEqual([])
  })

  it('of two runs with one identity launches one, and asks again for the other', async () => {
    const identity = digestJson(unique('identity'))
    const runs = [await newRun({ state: 'built', identity }), await newRun({ state: 'built', identity })]
    const { handle, queue } = runnerOf(async (row) => {
      await store.transaction((tx) => tx.update('run', { ...row, state: 'launching' }))
    })
    for (const run of runs) await handle({ ...jobOf(run), step: 'launch' }, signal)
    const states = await Promise.all(runs.map(async ({ id }) => (await store.get('run', id))?.state))
    expect(states).toEqual(['launching', 'built'])
    expect(queue.take().map(({ job: { step, id } }) => [step, id])).toEqual([['launch', runs[1]?.id]])
  })

  it('stops the step when Winnow stops, which is no failure', async () => {
    const run = await newRun()
    const stopping = new AbortController()
    const { handle, log } = runnerOf(async (_row, context) => {
      stopping.abort(new Error('stopping'))
      context.signal.throwIfAborted()
    })
    await handle(jobOf(run), stopping.signal)
    expect(await store.get('run', run.id)).toMatchObject({ failures: 0, state: 'wanted' })
    expect(await isDue(run)).toBe(true)
    expect(log.lines).toEqual([])
  })

  it('prolongs its claim while the step runs, and stops the step where it is lost', async () => {
    const run = await newRun()
    const lease = 60
    let held = false
    const { handle } = runnerOf(
      async (row, context) => {
        for (let i = 0; i < 5; i += 1) {
          clock.now += 40
          await until('the claim is prolonged', async () => (await claimUntil(row.id)) >= clock.now + 20)
        }
        held = true
        await store.voidLeases()
        await until('the step is told', () => context.signal.aborted)
      },
      { lease },
    )
    const claimUntil = async (id: number): Promise<number> => {
      // A claim that is alive keeps its row from being due.
      const due = await store.due('run', ['wanted'], clock.now, 1_000)
      return due.some((row) => row.id === id) ? 0 : clock.now + 20
    }
    await handle(jobOf(run), signal)
    expect(held).toBe(true)
  })
})
