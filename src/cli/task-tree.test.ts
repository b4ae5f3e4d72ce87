import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import { taskTree } from './task-tree.ts'

type Task = Parameters<typeof taskTree>[0][number]

const task = (path: string, changes: Partial<Task> = {}): Task => ({
  id: path,
  path: `root.${path}`,
  name: (path.split('.').at(-1) as string).replace(/\[\d+\]$/, ''),
  parent: null,
  state: 'succeeded',
  startedAt: 0,
  endedAt: 5,
  error: null,
  logUri: null,
  artifacts: [],
  ...changes,
})
const drawn = (...tasks: readonly Task[]): readonly string[] =>
  taskTree(tasks, 10_000).map((line) => stripVTControlCharacters(line))

it('numbers the turns of a loop, and aligns times', () => {
  const turn = (number: number, endedAt: number) => task(`loop[${number}]`, { parent: 'loop', endedAt })
  expect(drawn(task('loop', { endedAt: 1_500 }), turn(0, 5), turn(1, 123))).toEqual([
    '└─ ✓ loop         1.5 s',
    '   ├─ ✓ loop[0]    5 ms',
    '   └─ ✓ loop[1]  123 ms',
  ])
})

it.each<[string, Partial<Task>, string]>([
  ['a hit', { state: 'cached', cacheReason: 'taken from the run a' }, '└─ ✓ fit  from the cache  5 ms'],
  ['what changed', { cacheReason: 'input x changed', cacheChanged: true }, '└─ ✓ fit  5 ms  input x changed'],
  ['nothing of a first run', { cacheReason: 'it runs for the first time', cacheChanged: false }, '└─ ✓ fit  5 ms'],
])('says of the cache %s', (_, changes, line) => {
  expect(drawn(task('fit', changes))).toEqual([line])
})

it('says what a task waits for, and in one line why it failed', () => {
  const waiting = { state: 'running', endedAt: null, doing: 'making a Python environment' } as const
  expect(drawn(task('fit', waiting))).toEqual(['└─ ▸ fit  making a Python environment …  10.0 s'])
  expect(drawn(task('fit', { state: 'failed', error: 'fit failed (read /log)\nmore' }))).toEqual([
    '└─ ✗ fit  failed  5 ms  fit failed (read /log)',
  ])
})
