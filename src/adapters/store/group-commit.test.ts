import { describe, expect, it } from 'vitest'
import { createGroupCommit } from './group-commit.ts'

/** Commits when it is told to; remembers what came together. */
const committing = (fails: (item: number) => boolean = () => false) => {
  const groups: (readonly number[])[] = []
  const waiting: (() => void)[] = []
  const commit = async (items: readonly number[]): Promise<readonly string[]> => {
    groups.push(items)
    await new Promise<void>((resolve) => waiting.push(resolve))
    const bad = items.find(fails)
    if (bad !== undefined) throw new Error(`no ${bad}`)
    return items.map((item) => `done ${item}`)
  }
  const finish = async (): Promise<void> => {
    waiting.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { groups, commit, finish }
}

const atOnce = (begin: () => void): void => begin()

describe('a group commit', () => {
  it('commits the first at once and alone, and what comes meanwhile together, in order and bounded', async () => {
    const { groups, commit, finish } = committing()
    const add = createGroupCommit({ commit, gather: atOnce, keysOf: () => [], mayBeOne: () => true, lanes: 1, most: 3 })
    const all = Promise.all([1, 2, 3, 4, 5].map(add))
    expect(groups).toEqual([[1]])
    await finish()
    expect(groups).toEqual([[1], [2, 3, 4]])
    await finish()
    await finish()
    expect(await all).toEqual(['done 1', 'done 2', 'done 3', 'done 4', 'done 5'])
    expect(groups).toEqual([[1], [2, 3, 4], [5]])
  })

  it('commits together what comes in one moment, before the first commit and after it', async () => {
    const { groups, commit, finish } = committing()
    const gather = setImmediate
    const add = createGroupCommit({ commit, gather, keysOf: () => [], mayBeOne: () => true, lanes: 2, most: 10 })
    const nextTurn = () => new Promise((resolve) => setImmediate(resolve))
    const all = [1, 2, 3].map(add)
    expect(groups).toEqual([])
    await nextTurn()
    all.push(...[4, 5].map(add))
    await nextTurn()
    all.push(...[6, 7].map(add))
    await finish()
    await nextTurn()
    expect(groups).toEqual([
      [1, 2, 3],
      [4, 5],
      [6, 7],
    ])
    await finish()
    await finish()
    expect(await Promise.all(all)).toEqual([1, 2, 3, 4, 5, 6, 7].map((item) => `done ${item}`))
  })

  it('refuses the one that fails, and none of its neighbours', async () => {
    const { groups, commit, finish } = committing((item) => item === 3)
    const add = createGroupCommit({
      commit,
      gather: atOnce,
      keysOf: () => [],
      mayBeOne: () => true,
      lanes: 1,
      most: 10,
    })
    const all = Promise.allSettled([1, 2, 3, 4].map(add))
    for (let i = 0; i < 5; i++) await finish()
    expect(await all).toMatchObject([
      { value: 'done 1' },
      { value: 'done 2' },
      { reason: new Error('no 3') },
      { value: 'done 4' },
    ])
    expect(groups).toEqual([[1], [2, 3, 4], [2], [3], [4]])
  })

  it('refuses all at once where it is nobody in particular, and takes the next', async () => {
    let away = true
    const { groups, commit, finish } = committing(() => away)
    const add = createGroupCommit({
      commit,
      gather: atOnce,
      keysOf: () => [],
      mayBeOne: () => false,
      lanes: 1,
      most: 10,
    })
    const all = Promise.allSettled([1, 2, 3].map(add))
    await finish()
    await finish()
    expect((await all).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(groups).toEqual([[1], [2, 3]])
    away = false
    const next = add(4)
    await finish()
    expect(await next).toBe('done 4')
  })

  it('keeps several commits under way, and never lets one overtake another of its kind', async () => {
    const { groups, commit, finish } = committing()
    const keysOf = (item: number) => [item % 2 === 0 ? 'even' : 'odd']
    const add = createGroupCommit({ commit, gather: atOnce, keysOf, mayBeOne: () => true, lanes: 2, most: 10 })
    const all = Promise.all([2, 4, 1, 6, 3].map(add))
    expect(groups).toEqual([[2], [1]])
    await finish()
    expect(groups).toEqual([[2], [1], [4, 6]])
    await finish()
    expect(groups).toEqual([[2], [1], [4, 6], [3]])
    await finish()
    await finish()
    expect(await all).toEqual(['done 2', 'done 4', 'done 1', 'done 6', 'done 3'])
  })
})
