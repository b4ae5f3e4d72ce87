import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { profileTables } from '../tables/profile-tables.ts'
import { profileInThread, readHeadInThread } from './tables-in-thread.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-tables-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const parquet = (name: string): string =>
  fileURLToPath(new URL(`../../../test/judging/fixtures/${name}.parquet`, import.meta.url))

const signal = new AbortController().signal
const written = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

it('reads how a table begins', async () => {
  const path = await written('beans.jsonl', '{"size": 2, "kind": "SIRA"}\n{"size": 3, "kind": "CALI"}\n')
  const rows = [{ size: 2, kind: 'SIRA' }]
  expect(await readHeadInThread(path, 1, signal)).toEqual({ format: 'jsonl', columns: ['size', 'kind'], rows })
  const { format, rows: all } = await readHeadInThread(parquet('groups'), 100, signal)
  expect([format, all.length]).toEqual(['parquet', 60])
  const few = await readHeadInThread(parquet('groups'), 25, signal)
  expect(few.rows).toEqual(all.slice(0, 25))
})

it('profiles as it is done here, without a number for each row', async () => {
  const train = await written('train.csv', 'size,kind\n1,a\n2,b\n2,b\n')
  const test = await written('test.csv', 'kind,size\nb,2\nb,3\n')
  const { train: whole, leakedRows } = await profileTables([train], [test])
  expect(await profileInThread([train], [test], signal)).toEqual({
    train: { profile: whole.profile, samples: whole.samples },
    leakedRows,
  })
  expect([whole.profile.duplicates, leakedRows]).toEqual([1, 1])
})

it('hands on what is wrong with a table, and ends when it is told to', async () => {
  const wrong = await written('wrong.csv', 'size,kind\n1\n')
  await expect(profileInThread([wrong], [], signal)).rejects.toMatchObject({
    code: 'predictions_invalid',
    message: expect.stringContaining(`${wrong}:2`),
  })
  const stop = new AbortController()
  const reading = readHeadInThread(wrong, 1, stop.signal)
  stop.abort(new Error('enough'))
  await expect(reading).rejects.toThrow('enough')
})
