import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type JournalRecord, openJournal } from './journal.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-journal-'))
  path = join(folder, 'jobs', 'a', 'journal.jsonl')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const retry = (attempt: number): JournalRecord => ({
  kind: 'retry',
  at: 1,
  path: 'root.ü',
  attempt,
  error: 'two\nlines',
})
const reopen = async () => {
  const { journal, records } = await openJournal(path)
  await journal.close()
  return records
}

describe('a journal', () => {
  it('gives back what was appended, in order, over several lives', async () => {
    const first = await openJournal(path)
    expect(first.records).toEqual([])
    await Promise.all([1, 2, 3].map((attempt) => first.journal.append(retry(attempt), attempt === 2)))
    await first.journal.close()
    const second = await openJournal(path)
    expect(second.records).toEqual([retry(1), retry(2), retry(3)])
    await second.journal.append(retry(4))
    await second.journal.close()
    expect(await reopen()).toHaveLength(4)
  })

  it.each([
    ['half a line', '{"kind":"retry","at":1,"pa'],
    ['a whole line without its end', JSON.stringify(retry(9))],
    ['a line of rubbish', '\0\0\0\0\n'],
  ])('cuts off %s at the end', async (_, torn) => {
    const { journal } = await openJournal(path)
    await journal.append(retry(1))
    await journal.close()
    await appendFile(path, torn)
    const again = await openJournal(path)
    expect(again.records).toEqual([retry(1)])
    await again.journal.append(retry(2))
    await again.journal.close()
    expect(await reopen()).toEqual([retry(1), retry(2)])
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(3)
  })

  it('refuses one that is damaged before its end', async () => {
    const { journal } = await openJournal(path)
    await journal.close()
    await writeFile(path, `{"kind\n${JSON.stringify(retry(1))}\n${JSON.stringify(retry(2))}\n`)
    await expect(openJournal(path)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('line 1'),
    })
  })
})
