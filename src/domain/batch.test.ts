import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Batch,
  type BatchRule,
  type DataObject,
  isOlder,
  joinBatch,
  leaveBatch,
  markBatch,
  newBatch,
} from './batch.ts'
import { type Standing, standingOf } from './batch-standing.ts'
import { sumsOf } from './batch-sums.ts'

type OpenBatch = Omit<Batch, 'id' | 'version'>
const opened = (now = 0): OpenBatch =>
  newBatch({ repository: 'beans', pipeline: 'beans', key: '', change: 1, counted: {} }, now)

const rule = (over: Partial<BatchRule> = {}): BatchRule => ({
  quiet: 10,
  maxWait: 100,
  minimum: null,
  marker: null,
  ...over,
})
const object = (uri: string, generation: number | string = 1, over: Partial<DataObject> = {}): DataObject => ({
  uri,
  generation: String(generation),
  size: 10,
  ...over,
})
const holding = (objects: readonly DataObject[], over: Partial<OpenBatch> = {}): OpenBatch => ({
  ...opened(),
  sums: sumsOf(objects, over.counted ?? {}),
  ...over,
})

/** A batch with its objects beside it, as a store keeps them. */
const store = () => {
  let batch = opened()
  const held = new Map<string, DataObject>()
  return {
    held,
    sums: () => batch.sums,
    write: (object: DataObject, now: number) => {
      const joined = joinBatch(batch, held.get(object.uri), object, now)
      if (joined.kind !== 'joined') return joined
      batch = joined.batch
      held.set(object.uri, object)
      return joined
    },
    remove: (gone: DataObject) => {
      const left = leaveBatch(batch, held.get(gone.uri), gone)
      if (left.kind !== 'left') return left
      batch = left.batch
      held.delete(gone.uri)
      return left
    },
  }
}

const uri = fc.constantFrom('gs://b/a', 'gs://b/b', 's3://b/a', 'bq://p.d.t')
const anyObject: fc.Arbitrary<DataObject> = fc.record(
  { uri, generation: fc.integer({ min: 1, max: 4 }).map(String), size: fc.nat(20), rows: fc.nat(9) },
  { requiredKeys: ['uri', 'generation', 'size'] },
)
const happening = fc.oneof(
  fc.record({ kind: fc.constant('written' as const), object: anyObject, wait: fc.nat(30) }),
  fc.record({ kind: fc.constant('deleted' as const), object: anyObject, wait: fc.nat(30) }),
)

describe('any order of writes and deletions', () => {
  it('accounts for each object: there, replaced, deleted, or older than what is there; and the sums are those of what is there', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 30 }), (happenings) => {
        const { held, sums, write, remove } = store()
        let now = 0
        /** What is said of each object that was told of. */
        const account = new Map<string, string>()
        const name = (one: DataObject) => `${one.uri}#${one.generation}`
        for (const { kind, object: told, wait } of happenings) {
          now += wait
          if (kind === 'written') {
            const joined = write(told, now)
            if (joined.kind === 'joined' && joined.replaced) account.set(name(joined.replaced), 'replaced')
            account.set(name(told), joined.kind === 'older' ? 'older' : 'there')
          } else {
            const left = remove(told)
            if (left.kind === 'left') account.set(name(left.held), 'deleted')
          }
          const there = [...account].flatMap(([one, what]) => (what === 'there' ? [one] : []))
          expect(there.sort()).toEqual([...held.values()].map(name).sort())
          expect(sums()).toEqual(sumsOf([...held.values()], {}))
        }
      }),
    )
  })

  it('of generations that count upwards leaves the highest that was written, whatever came in between', () => {
    const written = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(written, (generations) => {
        const { held, write } = store()
        for (const generation of generations) write(object('gs://b/a', generation), 1)
        expect([...held.values()]).toEqual([object('gs://b/a', Math.max(...generations))])
      }),
    )
  })
})

it.each([
  ['gs://b/a', '9', '10', true],
  ['gs://b/a', '10', '9', false],
  ['gs://b/a', '9', '9', false],
  ['bq://p.d.t', '1764200000000', '1764200000001', true],
  ['gs://b/a', '9007199254740993', '9007199254740994', true],
  // Names without an order: what is told last is the last.
  ['s3://b/a', '1', '2', false],
  ['file:/a', '1', '2', false],
  ['gs://b/a', 'x', '2', false],
])('of %s generation %s is older than %s: %s', (address, a, b, older) => {
  expect(isOlder(object(address, a), object(address, b))).toBe(older)
})

it('a batch that has ended takes nothing in or out', () => {
  for (const state of ['closed', 'empty'] as const) {
    const ended = { ...opened(), state }
    expect(() => joinBatch(ended, undefined, object('gs://b/a'), 1)).toThrow(state)
    expect(() => markBatch(ended, object('gs://b/a'), 1)).toThrow(state)
    expect(() => leaveBatch(ended, undefined, object('gs://b/a'))).toThrow(state)
  }
})

describe('how a batch stands', () => {
  const some = [object('gs://b/a'), object('gs://b/b')]
  const marker = object('gs://b/_SUCCESS')
  it.each<[string, OpenBatch, BatchRule, number, Standing]>([
    [
      'before it was quiet',
      holding(some, { lastObjectAt: 50 }),
      rule(),
      59,
      { kind: 'wait', at: 60, reason: 'more may come' },
    ],
    ['once it was', holding(some, { lastObjectAt: 50 }), rule(), 60, { kind: 'close', reason: 'nothing more came' }],
    [
      'before its longest',
      holding(some, { lastObjectAt: 95 }),
      rule(),
      99,
      { kind: 'wait', at: 100, reason: 'more may come' },
    ],
    [
      'at its longest',
      holding(some, { lastObjectAt: 95 }),
      rule(),
      100,
      { kind: 'close', reason: 'it has waited its longest' },
    ],
    ['without objects', holding([]), rule(), 1, { kind: 'empty', reason: 'none of its objects is there any more' }],
    [
      'with too few',
      holding(some),
      rule({ minimum: { objects: 3 } }),
      10,
      { kind: 'wait', at: 110, reason: 'waits for more: it has 2 of 3 objects' },
    ],
    [
      'with enough',
      holding(some),
      rule({ minimum: { objects: 2, bytes: 20 } }),
      10,
      { kind: 'close', reason: 'nothing more came' },
    ],
    [
      'with one byte too little',
      holding(some),
      rule({ minimum: { bytes: 21 } }),
      10,
      { kind: 'wait', at: 110, reason: 'waits for more: it has 20 B of 21 B' },
    ],
    [
      'with rows that nobody counted',
      holding(some),
      rule({ minimum: { rows: 5 } }),
      10,
      { kind: 'wait', at: 110, reason: 'waits for more: it has 0 of 5 rows (of 2 objects nobody counted them)' },
    ],
    [
      'before its marker',
      holding(some),
      rule({ marker: 'm' }),
      99,
      { kind: 'wait', at: 100, reason: 'waits for its marker m' },
    ],
    [
      'without its marker for long',
      holding(some),
      rule({ marker: 'm' }),
      100,
      {
        kind: 'wait',
        at: 200,
        reason: 'its marker m has not come in 100 ms; an upload that nobody finished is not read',
      },
    ],
    [
      'with its marker',
      holding(some, { marker }),
      rule({ marker: 'm' }),
      1,
      { kind: 'close', reason: 'its marker gs://b/_SUCCESS came' },
    ],
    [
      'with its marker and too few',
      holding(some, { marker }),
      rule({ marker: 'm', minimum: { objects: 3 } }),
      1,
      { kind: 'wait', at: 101, reason: 'waits for more: it has 2 of 3 objects' },
    ],
    [
      'with a marker alone, at first',
      holding([], { marker }),
      rule({ marker: 'm' }),
      9,
      { kind: 'wait', at: 10, reason: 'its marker gs://b/_SUCCESS came, and no file with it yet' },
    ],
    [
      'with a marker alone',
      holding([], { marker }),
      rule({ marker: 'm' }),
      10,
      { kind: 'empty', reason: 'its marker gs://b/_SUCCESS came, and no file with it' },
    ],
    [
      'with a marker that left again',
      holding([]),
      rule({ marker: 'm' }),
      10,
      { kind: 'empty', reason: 'none of its objects is there any more' },
    ],
  ])('%s', (_, batch, by, now, standing) => {
    expect(standingOf(batch, by, now)).toEqual(standing)
  })

  it('counts of a table the rows that are new, and all of one that was written anew', () => {
    const table = (rows: number) => holding([object('bq://p.d.t', 2, { rows })], { counted: { 'bq://p.d.t': 100 } })
    const by = rule({ minimum: { rows: 50 } })
    expect(standingOf(table(149), by, 10)).toMatchObject({
      kind: 'wait',
      reason: 'waits for more: it has 49 of 50 rows',
    })
    expect(standingOf(table(150), by, 10)).toMatchObject({ kind: 'close' })
    expect(standingOf(table(60), by, 10)).toMatchObject({ kind: 'close' })
  })

  it('is always something: a close, an end, or a reason and a later time at which it is looked at again', () => {
    const rules = fc.record({
      quiet: fc.integer({ min: 1, max: 50 }),
      maxWait: fc.integer({ min: 50, max: 200 }),
      minimum: fc.option(
        fc.record({ objects: fc.integer({ min: 1, max: 5 }), bytes: fc.integer({ min: 1, max: 60 }) }),
      ),
      marker: fc.option(fc.constant('_SUCCESS')),
    })
    const batches = fc.record({
      objects: fc.uniqueArray(anyObject, { selector: (one) => one.uri, maxLength: 4 }),
      marked: fc.boolean(),
      openedAt: fc.nat(100),
      since: fc.nat(300),
    })
    fc.assert(
      fc.property(rules, batches, fc.nat(600), (by, { objects, marked, openedAt, since }, now) => {
        const lastObjectAt = openedAt + since
        const batch = holding(objects, { openedAt, lastObjectAt, marker: marked ? marker : null })
        const standing = standingOf(batch, by, now)
        if (standing.kind === 'wait') {
          expect(standing.at).toBeGreaterThan(now)
          expect(standing.reason).not.toBe('')
        } else if (standing.kind === 'close') {
          expect(objects.length).toBeGreaterThanOrEqual(by.minimum?.objects ?? 1)
          expect(by.marker === null || marked).toBe(true)
        } else expect(objects).toEqual([])
        // Nobody waits for nothing: with all that it asks for there, it closes in time.
        const whole = by.minimum === null && objects.length > 0 && (by.marker === null || marked)
        if (whole && now >= openedAt + by.maxWait) expect(standing.kind).toBe('close')
      }),
    )
  })
})
