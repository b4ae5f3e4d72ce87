import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFairTurns } from './fair-turns.ts'

/** A queue as the relay's is: smaller turns first, equal ones in the order of their coming. */
const createQueue = () => {
  const waiting: { lane: string; turn: number }[] = []
  const turns = createFairTurns()
  /** Its front is asked for once for all that are added together. */
  const addAll = (lanes: readonly string[]): void => {
    turns.frontIs(waiting[0]?.turn ?? 0)
    waiting.push(...lanes.map((lane) => ({ lane, turn: turns.next(lane) })))
    waiting.sort((a, b) => a.turn - b.turn)
  }
  return {
    addAll,
    add: (lane: string) => addAll([lane]),
    take: () => waiting.shift()?.lane,
    get length() {
      return waiting.length
    },
  }
}

describe('fair turns', () => {
  it('the first job of a lane comes next, however many another lane has', () => {
    const queue = createQueue()
    for (let i = 0; i < 2_000; i++) queue.add('noisy')
    queue.add('quiet')
    expect([queue.take(), queue.take()]).toEqual(['noisy', 'quiet'])
  })

  it('the same where all that the other has was added together, to an empty queue', () => {
    const queue = createQueue()
    queue.addAll(Array.from({ length: 200 }, () => 'noisy'))
    queue.add('quiet')
    expect([queue.take(), queue.take()]).toEqual(['noisy', 'quiet'])
  })

  it('a lane that comes late does not come before what waited meanwhile', () => {
    const queue = createQueue()
    for (let i = 0; i < 100; i++) queue.add('first')
    for (let i = 0; i < 50; i++) queue.take()
    for (let i = 0; i < 100; i++) queue.add('second')
    const next = Array.from({ length: 20 }, () => queue.take())
    expect(next.filter((lane) => lane === 'first')).toHaveLength(10)
  })

  it('begins anew once nothing waits', () => {
    const turns = createFairTurns()
    const nextFrom = (front: number): number => {
      turns.frontIs(front)
      return turns.next('a')
    }
    expect([nextFrom(0), nextFrom(1), nextFrom(1), nextFrom(0)]).toEqual([1, 2, 3, 1])
  })

  it('never goes past what the queue can hold', () => {
    const turns = createFairTurns()
    turns.frontIs(2_097_150)
    expect([turns.next('a'), turns.next('a'), turns.next('a')]).toEqual([2_097_150, 2_097_151, 2_097_151])
  })

  it('of lanes that have work all the time none gets two jobs more than another', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 6 }),
        fc.integer({ min: 0, max: 40 }),
        (bursts, done) => {
          const queue = createQueue()
          bursts.forEach((burst, lane) => {
            for (let i = 0; i < burst; i++) queue.add(String(lane))
          })
          const shortest = Math.min(...bursts)
          const counts = new Map<string, number>()
          for (let i = 0; i < Math.min(done, shortest * bursts.length); i++) {
            const lane = queue.take() ?? ''
            counts.set(lane, (counts.get(lane) ?? 0) + 1)
          }
          const all = bursts.map((_, lane) => counts.get(String(lane)) ?? 0)
          expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(1)
        },
      ),
    )
  })
})
