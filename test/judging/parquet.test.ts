import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readPredictions } from '../../src/judging/answers/read-predictions.ts'

// The files are written by make_parquet.py.
const read = (name: string) =>
  readPredictions({
    path: fileURLToPath(new URL(`./fixtures/${name}.parquet`, import.meta.url)),
    label: null,
    name: `${name}.parquet`,
  })

describe('Parquet as pandas and pyarrow write it', () => {
  it.each(['snappy', 'zstd', 'gzip', 'brotli', 'none', 'groups', 'decimal'])('%s', async (name) => {
    const table = await read(name)
    if (table.kind !== 'classification') throw new Error(table.kind)
    expect(table).toMatchObject({ rows: 60, classes: ['dry', 'wet'] })
    expect(table.ids).toEqual(Array.from({ length: 60 }, (_, i) => String(i)))
    expect([...table.truth]).toEqual(Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 1 : 0)))
    for (let i = 0; i < 60; i++) {
      expect(table.scores?.[2 * i]).toBeCloseTo(0.05 + (0.9 * i) / 59, 6)
      expect(table.predicted[i]).toBe(i < 30 ? 1 : 0)
    }
    expect(Object.keys(table.columns)).toEqual(['region'])
    expect(table.columns['region']?.values).toEqual(['', 'north'])
  })

  it('a regression, with numbers that only fit 64 bits', async () => {
    expect(await read('regression')).toMatchObject({
      kind: 'regression',
      truth: Float64Array.of(0, 1, 2, 3, 4),
      predicted: Float64Array.of(0.5, 1.5, 2.5, 3.5, 4.5),
      columns: { big: { values: ['1152921504606846976'] } },
    })
  })

  it.each([
    ['lists', 'lists.parquet: p_a: expected one value a row, got a list or a structure'],
    ['missing', 'missing.parquet: row 42: p_dry: expected a probability from 0 to 1, got nothing'],
  ])('refuses %s', async (name, message) => {
    await expect(read(name)).rejects.toMatchObject({ code: 'predictions_invalid', message })
  })

  it('refuses what is none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'winnow-parquet-'))
    const path = join(folder, 'x.parquet')
    try {
      await writeFile(path, 'label,p_a\na,1\n')
      await expect(readPredictions({ path, label: null, name: 'x.parquet' })).rejects.toThrow(
        /^x.parquet: expected a Parquet file: /,
      )
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
