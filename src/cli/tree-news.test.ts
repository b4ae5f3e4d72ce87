import { expect, it } from 'vitest'
import { newsOf } from './tree-news.ts'

it('tells groups before their members and their ends after them, each once', () => {
  const news = newsOf()
  expect(news(['└─ ▸ loop  running  1 ms', '   ├─ ▸ loop[0]  running  1 ms', '   │  └─ · say'])).toEqual([
    '▸ loop  running',
    '  ▸ loop[0]  running',
  ])
  expect(news(['└─ ▸ loop  running  9 ms', '   ├─ ▸ loop[0]  running  9 ms', '   │  └─ · say'])).toEqual([])
  const ended = [
    '└─ ✓ loop                    12 ms',
    '   ├─ ✓ loop[0]              11 ms',
    '   │  └─ ✓ say  from the cache  8 ms',
  ]
  expect(news(ended)).toEqual(['    ✓ say  from the cache  8 ms', '  ✓ loop[0]  11 ms', '✓ loop  12 ms'])
  expect(news(ended)).toEqual([])
})

it('names the group again where lines of another one came between', () => {
  const news = newsOf()
  const turn = (number: number, say: string, last = false): readonly string[] => [
    `${last ? '└─' : '├─'} ▸ loop[${number}]  running  5 ms`,
    `${last ? '   ' : '│  '}└─ ${say}`,
  ]
  news([...turn(0, '▸ say  running  1 ms'), ...turn(1, '▸ say  running  1 ms', true)])
  expect(news([...turn(0, '✓ say  3 ms'), ...turn(1, '▸ say  running  4 ms', true)])).toEqual([
    '▸ loop[0]  running',
    '  ✓ say  3 ms',
  ])
  expect(news([...turn(0, '✓ say  3 ms'), ...turn(1, '✓ say  9 ms', true)])).toEqual([
    '▸ loop[1]  running',
    '  ✓ say  9 ms',
  ])
})

it('tells tasks of one name apart by the runs that they are of', () => {
  const news = newsOf()
  const runs = (second: string): readonly string[] => [
    '  run 1  beans  succeeded',
    '    └─ ✓ train  2.0 s',
    '  run 2  beans  running',
    `    └─ ${second}`,
  ]
  expect(news(runs('· train'))).toEqual(['run 1  beans  succeeded', '  ✓ train  2.0 s', 'run 2  beans  running'])
  expect(news(runs('✓ train  3.0 s'))).toEqual(['  ✓ train  3.0 s'])
})
