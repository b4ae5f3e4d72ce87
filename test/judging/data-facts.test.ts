import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { profileTables } from '../../src/judging/tables/profile-tables.ts'
import { automlRequirements } from '../../src/platform/automl/train.ts'
import { dataFacts } from '../../src/policies/data/data-facts.ts'
import { createRandom } from '../../src/policies/statistics/random.ts'
import { sharedEnvironments } from '../automl/environments.ts'

const signal = new AbortController().signal
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-data-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const write = async (name: string, header: string, rows: readonly string[]): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, `${header}\n${rows.join('\n')}\n`)
  return path
}

/** Rows with missing cells, ties, a text column and repeated rows; `shift` moves the numbers, `colours` are the texts. */
const rowsOf = (seed: number, count: number, shift: number, colours: readonly string[]): readonly string[] => {
  const random = createRandom(seed)
  const rows = Array.from({ length: count }, () => {
    const size = random.uniform() < 0.05 ? '' : (random.uniform() * 10 + shift).toFixed(2)
    const seeds = random.below(4) + (shift > 0 ? 1 : 0)
    return `${size},${seeds},${random.uniform() < 0.1 ? '' : colours[random.below(colours.length)]}`
  })
  return [...rows, ...rows.slice(0, 7)]
}

describe('facts about data', () => {
  it('are those that numpy and scipy find', { timeout: 600_000 }, async () => {
    const header = 'size,seeds,colour'
    const trainRows = rowsOf(1, 900, 0.5, ['red', 'green', 'blue'])
    const train = await write('train.csv', header, trainRows)
    const test = await write('test.csv', header, [...rowsOf(2, 200, 0, ['red']), ...trainRows.slice(10, 22)])
    const champion = await write('champion.csv', header, rowsOf(3, 700, 0, ['red', 'green', 'brown']))
    const environment = await sharedEnvironments().ensure(await automlRequirements(), signal)
    const script = fileURLToPath(new URL('./data_facts.py', import.meta.url))
    const { stdout } = await promisify(execFile)(environment.python, [script, train, test, champion])
    const expected = JSON.parse(stdout) as {
      readonly [name: string]: number & Readonly<Record<string, number>>
    }

    const before = await profileTables([champion], [], signal)
    const now = await profileTables([train], [test], signal)
    const kept = JSON.parse(JSON.stringify(before.train.profile)) as typeof before.train.profile
    const { metrics, perClass } = dataFacts(now.train, now.leakedRows, kept)
    expect(metrics).toMatchObject({
      'data.rows': expected['rows'],
      'data.duplicates': expected['duplicates'],
      'data.leakedRows': expected['leakedRows'],
      'data.schemaChanges': 0,
      'data.newCategories': expected['newCategories']?.['colour'],
    })
    expect(expected['leakedRows']).toBeGreaterThan(11)
    expect(perClass['data.missing']).toEqual(expected['missing'])
    expect(Object.keys(perClass['data.skew'] ?? {})).toEqual(['size', 'seeds', 'colour'])
    for (const [name, value] of Object.entries(perClass['data.skew'] ?? {}))
      expect(value, name).toBeCloseTo(expected['skew']?.[name] as number, 12)
    expect(metrics['data.skew']).toBe(Math.max(...Object.values(perClass['data.skew'] ?? {})))
  })

  it('see columns that came, went or became texts, and rows in another order of columns', async () => {
    const before = await profileTables([await write('a.csv', 'x,y,z', ['1,2,a', '3,4,b'])], [], signal)
    const test = await write('c.csv', 'y,w', ['4.0,2', '9,9'])
    const { train, leakedRows } = await profileTables(
      [await write('b.csv', 'w,x,y', ['1,one,2', '2,3,4'])],
      [test],
      signal,
    )
    const { metrics } = dataFacts(train, leakedRows, before.train.profile)
    expect(metrics).toMatchObject({ 'data.schemaChanges': 3, 'data.leakedRows': 1 })
  })

  it('say nothing of another table where there is none', async () => {
    const { train, leakedRows } = await profileTables([await write('one.csv', 'x', ['1', '1'])], [], signal)
    expect(dataFacts(train, leakedRows, null).metrics).toEqual({
      'data.rows': 2,
      'data.duplicates': 1,
      'data.missing': 0,
    })
  })
})
