import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRecords } from './records.ts'

interface Sack {
  readonly name: string
  readonly weight: number
}

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'winnow-records-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const reopened = () => createRecords(root).collection<Sack>('sacks')

describe('createRecords', () => {
  it('has on the disk whatever it said it has', async () => {
    const sacks = await reopened()
    const long = `projects/${'p'.repeat(300)}/sacks/z`
    expect(await sacks.insert({ name: 'b', weight: 1 })).toBe(true)
    expect(await sacks.insert({ name: 'a', weight: 2 })).toBe(true)
    expect(await sacks.insert({ name: long, weight: 3 })).toBe(true)
    expect(await sacks.insert({ name: 'a', weight: 9 })).toBe(false)
    expect(await sacks.update('b', (sack) => ({ ...sack, weight: 5 }))).toEqual({ name: 'b', weight: 5 })
    expect(await sacks.update('none', (sack) => sack)).toBeUndefined()
    expect(await sacks.remove('a')).toBe(true)
    expect(await sacks.remove('a')).toBe(false)
    expect(await sacks.insert({ name: 'a', weight: 4 })).toBe(true)
    const again = await reopened()
    expect(again.list()).toEqual([
      { name: 'b', weight: 5 },
      { name: long, weight: 3 },
      { name: 'a', weight: 4 },
    ])
    expect(again.list('projects/')).toHaveLength(1)
  })

  it('shows changes at once and writes the last of many', async () => {
    const sacks = await reopened()
    await sacks.insert({ name: 'a', weight: 0 })
    const writes = Array.from({ length: 50 }, () => sacks.update('a', (sack) => ({ ...sack, weight: sack.weight + 1 })))
    expect(sacks.get('a')?.weight).toBe(50)
    await Promise.all(writes)
    expect((await reopened()).get('a')?.weight).toBe(50)
  })

  it('lets a record that is removed and made again under way be the new one', async () => {
    const sacks = await reopened()
    await sacks.insert({ name: 'a', weight: 1 })
    await Promise.all([sacks.remove('a'), sacks.insert({ name: 'a', weight: 2 })])
    expect(sacks.get('a')?.weight).toBe(2)
    expect((await reopened()).get('a')?.weight).toBe(2)
  })

  it('writes progress by itself, and on close', async () => {
    const records = createRecords(root)
    const sacks = await records.collection<Sack>('sacks')
    await sacks.insert({ name: 'a', weight: 1 })
    expect(sacks.amend('a', (sack) => ({ ...sack, weight: 2 }))).toEqual({ name: 'a', weight: 2 })
    await records.close()
    expect((await reopened()).get('a')?.weight).toBe(2)
  })

  it('removes half-written files and refuses those that cannot be read', async () => {
    const sacks = await reopened()
    await sacks.insert({ name: 'a', weight: 1 })
    await writeFile(join(root, 'sacks', 'b-1.json.writing'), '{"sequ')
    expect((await reopened()).list()).toHaveLength(1)
    expect(await readdir(join(root, 'sacks'))).toHaveLength(1)
    await writeFile(join(root, 'sacks', 'c-1.json'), '{"sequ')
    await expect(reopened()).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('c-1.json'),
    })
  })

  it('goes back to what is on the disk where that cannot be written', async () => {
    const sacks = await reopened()
    await sacks.insert({ name: 'a', weight: 1 })
    await rm(join(root, 'sacks'), { recursive: true })
    await expect(sacks.update('a', (sack) => ({ ...sack, weight: 2 }))).rejects.toMatchObject({
      code: 'store_unavailable',
    })
    expect(sacks.get('a')?.weight).toBe(1)
    await expect(sacks.insert({ name: 'b', weight: 1 })).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(sacks.get('b')).toBeUndefined()
  })
})
