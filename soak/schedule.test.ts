import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Books } from './booked.ts'
import { schedule } from './senders/schedule.ts'

const [from, to] = [Date.parse('2026-03-29T00:57:10Z'), Date.parse('2026-03-29T01:03:10Z')]

it('a clock makes a happening of each minute and schedule, of which the first may be missing, and none after it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'winnow-soak-clock-'))
  const { clock, differences } = await schedule.open({ folder, deliveries: 1 })
  await rm(folder, { recursive: true, force: true })
  const told = clock?.happenings(from, to) ?? []
  expect(told).toHaveLength(6 * 3)
  expect(told.filter(({ unsure }) => unsure)).toHaveLength(3 * 3)
  const booksWithout = (...missing: readonly number[]) =>
    ({ changes: told.filter((_, i) => !missing.includes(i)) }) as unknown as Books
  expect(differences?.(booksWithout())).toEqual([])
  expect(differences?.(booksWithout(0, 1, 2, 3))).toEqual([])
  expect(differences?.(booksWithout(0, 1, 2, 7))).toEqual(['Europe/Berlin: 2026-03-29T01:00:00.000Z was left out'])
})
