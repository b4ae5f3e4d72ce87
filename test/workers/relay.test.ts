import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OpenStore } from '../../src/adapters/store/store.ts'
import type { Queue } from '../../src/domain/ports/work.ts'
import { createRelay } from '../../src/workers/running/relay.ts'
import { someRun } from '../fakes/rows.ts'
import { until } from '../store/databases.ts'
import { createWaitingJobs } from './in-memory-queue.ts'
import { createRecordingLog, openLedger } from './ledger.ts'

describe('the relay', () => {
  let store: OpenStore
  let clock: { now: number }
  let dispose: () => Promise<void>
  beforeAll(async () => {
    ;({ store, clock, dispose } = await openLedger())
  })
  afterAll(() => dispose())

  const wish = (at?: number): Promise<number> =>
    store.transaction(async (tx) => {
      const { id } = await tx.insert('run', someRun())
      await tx.enqueue('build', id, at)
      return id
    })
  const relayOver = (queue: Pick<Queue, 'add' | 'front'>, poll = 1_000_000) => {
    const log = createRecordingLog()
    return { log, ...createRelay({ store, queue, now: () => clock.now, log, poll }) }
  }
  const isEmpty = async () => (await store.outbox(1)).length === 0

  it('hands over what was committed before it and after it, and removes it', async () => {
    const queue = createWaitingJobs()
    const ids = [await wish()]
    const relay = relayOver(queue)
    ids.push(await wish(), await wish())
    await until('the outbox is empty', isEmpty)
    await relay.close()
    expect(queue.take().map(({ job }) => job)).toEqual(ids.map((id) => ({ step: 'build', id, version: 1 })))
  })

  it('delays what is for later', async () => {
    const queue = createWaitingJobs()
    const relay = relayOver(queue)
    await wish(clock.now + 700)
    await wish(clock.now - 700)
    await until('the outbox is empty', isEmpty)
    await relay.close()
    expect(queue.take().map(({ delay }) => delay)).toEqual([700, -700])
  })

  it('finds what another process committed by looking again and again', async () => {
    const queue = createWaitingJobs()
    const deaf = { ...store, onEnqueued: () => () => {} }
    const relay = createRelay({ store: deaf, queue, now: () => clock.now, log: createRecordingLog(), poll: 5 })
    const id = await wish()
    await until('the outbox is empty', isEmpty)
    await relay.close()
    expect(queue.take().map(({ job }) => job.id)).toEqual([id])
  })

  it('hands over more than it reads at once', async () => {
    const queue = createWaitingJobs()
    await store.transaction(async (tx) => {
      for (let i = 0; i < 450; i += 1) await tx.enqueue('build', (await tx.insert('run', someRun())).id)
    })
    const relay = relayOver(queue)
    await until('the outbox is empty', isEmpty)
    await relay.close()
    expect(queue.take()).toHaveLength(450)
  })

  it('keeps an entry that the queue did not take, and tries again', async () => {
    const queue = createWaitingJobs()
    let broken = true
    const failing: Pick<Queue, 'add' | 'front'> = {
      front: queue.front,
      add: (job, delay) => (broken ? Promise.reject(new Error('no Redis')) : queue.add(job, delay)),
    }
    const relay = relayOver(failing, 5)
    const id = await wish()
    await until('it was tried twice', () => relay.log.lines.length >= 2)
    expect(await isEmpty()).toBe(false)
    broken = false
    await until('the outbox is empty', isEmpty)
    await relay.close()
    expect(queue.take().map(({ job }) => job.id)).toEqual([id])
  })

  it('that died between the queue and the removal hands the entry over again', async () => {
    const queue = createWaitingJobs()
    const dying = { ...store, removeFromOutbox: () => Promise.reject(new Error('killed')) }
    const first = createRelay({ store: dying, queue, now: () => clock.now, log: createRecordingLog(), poll: 1_000_000 })
    const id = await wish()
    const seen: number[] = []
    await until('the queue has it', () => {
      seen.push(...queue.take().map(({ job }) => job.id))
      return seen.length > 0
    })
    await first.close()
    const second = relayOver(queue)
    await until('the outbox is empty', isEmpty)
    await second.close()
    expect([...seen, ...queue.take().map(({ job }) => job.id)]).toEqual([id, id])
  })

  it('hands over nothing once it is closed', async () => {
    const queue = createWaitingJobs()
    const relay = relayOver(queue)
    await relay.close()
    await wish()
    relay.kick()
    expect(queue.take()).toEqual([])
    expect(await isEmpty()).toBe(false)
  })
})
