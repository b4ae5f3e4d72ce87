import { expect, it } from 'vitest'
import type { RefusalCount } from '../domain/refusal.ts'
import { silentLog } from '../log.ts'
import { keepRefusals } from './keep-refusals.ts'
import { createRefusals } from './refusals.ts'

it('writes each refusal once, at the latest at the end, and after a store that was away', async () => {
  const refusals = createRefusals(0)
  const written: RefusalCount[] = []
  let away = true
  const store = {
    addRefusals: async (counts: readonly RefusalCount[]) => {
      if (away) throw new Error('away')
      written.push(...counts)
    },
  }
  const end = async () => keepRefusals(refusals, store, silentLog)[Symbol.asyncDispose]()
  refusals.count('github', 'forged')
  await end()
  expect(written).toEqual([])
  away = false
  const keeping = keepRefusals(refusals, store, silentLog)
  refusals.count('github', 'forged')
  refusals.count('git', 'noJson')
  await keeping[Symbol.asyncDispose]()
  await keeping[Symbol.asyncDispose]()
  expect(written).toEqual([
    { sender: 'git', reason: 'noJson', count: 1 },
    { sender: 'github', reason: 'forged', count: 2 },
  ])
})
