import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type TurnLimits, type TurnRun, takeTurns } from './turn.ts'

const run = (id: number, over: Partial<TurnRun> = {}): TurnRun => ({
  id,
  repository: 'beans',
  pipeline: 'train',
  target: 'local',
  ...over,
})
const unlimited: TurnLimits = { ofRepository: () => undefined, ofTarget: () => undefined }

describe('turns', () => {
  it('without a limit all go', () => {
    expect([...takeTurns([run(1)], [run(2), run(3)], unlimited)]).toEqual([
      [2, undefined],
      [3, undefined],
    ])
  })

  it('the oldest goes first, and who waits is told for whom', () => {
    const one = { concurrency: 1 }
    expect([...takeTurns([], [run(3, one), run(2, one)], unlimited)]).toEqual([
      [2, undefined],
      [3, { reason: 'waits for run 2: pipeline train runs one at a time' }],
    ])
  })

  it('many are named by the first of them', () => {
    const limits = { ...unlimited, ofTarget: () => 4 }
    const turns = takeTurns([run(1), run(2), run(3), run(4)], [run(5)], limits)
    expect(turns.get(5)).toEqual({ reason: 'waits for runs 1, 2, 3, …: target local runs 4 at a time' })
  })

  it('who waits for its own pipeline holds up nobody in the lanes that it shares', () => {
    const limits = { ...unlimited, ofRepository: () => 2 }
    const waiting = [run(2, { concurrency: 1 }), run(3, { pipeline: 'other' })]
    expect([...takeTurns([run(1)], waiting, limits).entries()].map(([id, turn]) => [id, turn === undefined])).toEqual([
      [2, false],
      [3, true],
    ])
  })

  it('a later commit that lets more runs go does not overtake those of an earlier one', () => {
    const waiting = [run(2, { concurrency: 1 }), run(3, { concurrency: 3 }), run(4)]
    expect([...takeTurns([], waiting, unlimited).values()].map((turn) => turn === undefined)).toEqual([
      true,
      false,
      false,
    ])
  })

  const anyRun = fc.record({
    repository: fc.constantFrom('beans', 'peas'),
    pipeline: fc.constantFrom('train', 'other'),
    target: fc.constantFrom('local', 'vertex'),
    concurrency: fc.constantFrom(null, 1, 2, 3),
  })
  const anyLimit = fc.constantFrom(undefined, 1, 2, 3)
  const anyStep = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('come' as const), run: anyRun }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('launch' as const), which: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(20) }) },
  )

  it('never lets more go than a limit says, in whatever order runs come, launch and end, and lets everybody go in the end', () => {
    fc.assert(
      fc.property(
        fc.array(anyStep, { maxLength: 60 }),
        fc.record({ beans: anyLimit, peas: anyLimit, local: anyLimit, vertex: anyLimit }),
        (steps, by) => {
          const limits: TurnLimits = {
            ofRepository: (name) => by[name as 'beans' | 'peas'],
            ofTarget: (name) => by[name as 'local' | 'vertex'],
          }
          const waiting: TurnRun[] = []
          const going: TurnRun[] = []
          let last = 0
          const remove = (from: TurnRun[], which: number) => from.splice(which % Math.max(1, from.length), 1)[0]
          // Any worker may ask for any run at any time; the run goes only where it is its turn.
          const launch = (which: number) => {
            const one = waiting[which % Math.max(1, waiting.length)]
            if (one === undefined || takeTurns(going, waiting, limits).get(one.id) !== undefined) return
            waiting.splice(waiting.indexOf(one), 1)
            const within = (lane: (other: TurnRun) => boolean, limit: number | null | undefined) =>
              expect(going.filter(lane).length).toBeLessThan(limit ?? Infinity)
            within((other) => other.repository === one.repository && other.pipeline === one.pipeline, one.concurrency)
            within((other) => other.repository === one.repository, limits.ofRepository(one.repository))
            within((other) => other.target === one.target, limits.ofTarget(one.target))
            going.push(one)
          }
          for (const step of steps) {
            if (step.kind === 'come') waiting.push({ id: ++last, ...step.run })
            else if (step.kind === 'launch') launch(step.which)
            else remove(step.kind === 'end' ? going : waiting, step.which)
            // Where nothing is under way, somebody's turn it is.
            if (going.length === 0 && waiting.length > 0)
              expect([...takeTurns(going, waiting, limits).values()]).toContain(undefined)
          }
          // Nobody waits for ever: with an end for each that goes, all have gone after as many rounds as there are runs.
          for (let rounds = waiting.length; rounds > 0; rounds--) {
            going.length = 0
            const oldest = Math.min(...waiting.map(({ id }) => id))
            for (let i = waiting.length - 1; i >= 0; i--) launch(i)
            expect(waiting.some(({ id }) => id === oldest)).toBe(false)
            if (waiting.length === 0) break
          }
          expect(waiting).toEqual([])
        },
      ),
      { numRuns: 300 },
    )
  })
})
