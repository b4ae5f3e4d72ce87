import { expect, it } from 'vitest'
import type { RefusalCount } from '../domain/refusal.ts'
import { silentLog } from '../log.ts'
import { keepRefusals } from './keep-refusals.ts'
import { createRefusals } from './refusals.ts'

/** A store that is away for so many writes. */
const storeOf = (away = 0) => {
  const written: RefusalCount[] = []
  const asked = { times: 0 }
  const arrived = Promise.withResolvers<void>()
  const store = {
    addRefusals: async (counts: readonly RefusalCount[]) => {
      asked.times += 1
      if (asked.times <= away) throw new Error('away')
      written.push(...counts)
      arrived.resolve()
    },
  }
  return { store, written, asked, arrived: arrived.promise }
}

it('writes each refusal once, at the latest at the end', async () => {
  const refusals = createRefusals(0)
  const { store, written } = storeOf()
  const keeping = keepRefusals(refusals, store, silentLog)
  refusals.count('github', 'forged')
  refusals.count('github', 'forged')
  refusals.count('git', 'noJson')
  await keeping[Symbol.asyncDispose]()
  await keeping[Symbol.asyncDispose]()
  expect(written).toEqual([
    { sender: 'git', reason: 'noJson', count: 1 },
    { sender: 'github', reason: 'forged', count: 2 },
  ])
})

it('writes what was refused without waiting for the end: all that came meanwhile at once', async () => {
  const refusals = createRefusals(0)
  const { store, written, asked, arrived } = storeOf()
  await using _keeping = keepRefusals(refusals, store, silentLog, { writeAfter: 1 })
  for (let i = 0; i < 1_000; i += 1) refusals.count('github', 'forged')
  await arrived
  expect(written).toEqual([{ sender: 'github', reason: 'forged', count: 1_000 }])
  expect(asked.times).toBe(1)
})

it('tries again by itself after a store that was away, and counts nothing twice', async () => {
  const refusals = createRefusals(0)
  const { store, written, arrived } = storeOf(3)
  const keeping = keepRefusals(refusals, store, silentLog, { writeAfter: 1, again: 1 })
  refusals.count('github', 'forged')
  await arrived
  refusals.count('github', 'stale')
  await keeping[Symbol.asyncDispose]()
  expect(written).toEqual([
    { sender: 'github', reason: 'forged', count: 1 },
    { sender: 'github', reason: 'stale', count: 1 },
  ])
})
