import { appendFile, chmod, link, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFolderSource } from '../../src/adapters/sources/folder.ts'
import type { DataObject } from '../../src/domain/batch.ts'
import type { DataSource } from '../../src/domain/ports/data.ts'

const never = new AbortController().signal
const settle = 1_000

let base: string
let incoming: string
let source: DataSource
/** What the source takes for the time: this much later than the real one. */
let later: number

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'winnow-folder-'))
  incoming = join(base, 'incoming')
  await mkdir(incoming)
  later = settle + 100
  source = createFolderSource({ base, settle, now: () => Date.now() + later })
})
afterEach(() => rm(base, { recursive: true, force: true }))

const put = (name: string, text = 'a,b\n1,2\n'): Promise<void> => writeFile(join(incoming, name), text)
const list = (uri = 'file:incoming/*.csv'): Promise<readonly DataObject[]> => source.list(uri, never)
const names = async (uri?: string): Promise<readonly string[]> =>
  (await list(uri)).map((object) => fileURLToPath(object.uri).slice(incoming.length + 1))

describe('a watched folder', () => {
  it('lists what matches, in order, with size and address', async () => {
    await put('b.csv', '12345')
    await put('a b#é%?.csv')
    await put('c.txt')
    expect(await names()).toEqual(['a b#é%?.csv', 'b.csv'])
    expect((await list()).at(-1)).toMatchObject({
      uri: expect.stringMatching(/^file:\/\/\/.*\/incoming\/b\.csv$/),
      size: 5,
    })
  })

  it.each([
    ['file:incoming/*', ['a.csv', 'b.csv', 'c.txt']],
    ['file:incoming/a.csv', ['a.csv']],
    ['file:incoming/[ab].csv', ['a.csv', 'b.csv']],
    ['file:inc%6Fming/b*', ['b.csv']],
    ['file:./incoming/c.*', ['c.txt']],
    ['file:incoming/nothing*', []],
  ])('%s', async (uri, expected) => {
    for (const name of ['a.csv', 'b.csv', 'c.txt']) await put(name)
    expect(await names(uri)).toEqual(expected)
    expect(await names(uri.replace(/^file:(\.\/)?/, `file://${base}/`))).toEqual(expected)
  })

  it('leaves out what is no finished file', async () => {
    await mkdir(join(incoming, 'folder.csv'))
    await writeFile(join(base, 'outside.csv'), 'x')
    await symlink(join(base, 'outside.csv'), join(incoming, 'out.csv'))
    await symlink('real.csv', join(incoming, 'twice.csv'))
    for (const name of ['.hidden.csv', 'x.csv.part', 'x.tmp', 'x.crdownload', 'x.csv~', 'X.PART', 'real.csv'])
      await put(name)
    expect(await names('file:incoming/*')).toEqual(['real.csv'])
  })

  it('lists an empty file: it may be the marker of the others', async () => {
    await put('_SUCCESS', '')
    expect(await list('file:incoming/_SUCCESS')).toMatchObject([{ size: 0 }])
  })

  it('waits until a file was left alone for as long as is asked', async () => {
    await put('a.csv')
    later = 0
    expect(await names()).toEqual([])
    later = settle + 100
    expect(await names()).toEqual(['a.csv'])
    await appendFile(join(incoming, 'a.csv'), '3,4\n')
    later = 0
    expect(await names()).toEqual([])
  })

  it('is not deceived by a file that comes with an old date', async () => {
    await put('a.csv')
    await utimes(join(incoming, 'a.csv'), new Date(0), new Date(0))
    later = 0
    expect(await names()).toEqual([])
  })

  it('takes a file whose clock is ahead once two looks agree', async () => {
    await put('a.csv')
    const future = new Date(Date.now() + 3_600_000)
    await utimes(join(incoming, 'a.csv'), future, future)
    expect(await names()).toEqual([])
    later += settle - 50
    expect(await names()).toEqual([])
    await appendFile(join(incoming, 'a.csv'), 'more')
    await utimes(join(incoming, 'a.csv'), future, future)
    later += 100
    expect(await names()).toEqual([])
    later += settle
    expect(await names()).toEqual(['a.csv'])
    expect(await names()).toEqual(['a.csv'])
  })

  it('gives another generation to other content, and the same to the same', async () => {
    const generation = async (): Promise<string | undefined> => (await list())[0]?.generation
    await put('a.csv', 'one')
    const first = await generation()
    expect(await generation()).toBe(first)
    await chmod(join(incoming, 'a.csv'), 0o600)
    await link(join(incoming, 'a.csv'), join(base, 'a link'))
    expect(await generation()).toBe(first)

    await utimes(join(incoming, 'a.csv'), 1_000, 1_000)
    const written = await generation()
    expect(written).not.toBe(first)

    // Replaced by another file of the same size and date.
    await writeFile(join(base, 'next'), 'two')
    await utimes(join(base, 'next'), 1_000, 1_000)
    await rename(join(base, 'next'), join(incoming, 'a.csv'))
    expect(await generation()).not.toBe(written)
  })

  it('lists ten thousand files', async () => {
    const all = Array.from({ length: 10_000 }, (_, i) => `${i}.csv`)
    for (let i = 0; i < all.length; i += 500) await Promise.all(all.slice(i, i + 500).map((name) => put(name, 'x')))
    expect(await list()).toHaveLength(10_000)
  })

  it('ends where it is told to', async () => {
    await put('a.csv')
    await expect(source.list('file:incoming/*.csv', AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  })
})

describe('a folder that is not there', () => {
  it.each([
    ['file:gone/*.csv', /there is no such folder/],
    ['file:incoming/a.csv/*.csv', /that is no folder/],
  ])('%s is a fault that may pass, and says what to do', async (uri, message) => {
    await put('a.csv')
    await expect(list(uri)).rejects.toMatchObject({
      code: 'not_found',
      retryable: true,
      message: expect.stringMatching(message),
      remedy: expect.stringContaining('make the folder'),
    })
    await mkdir(join(base, 'gone'))
    expect(await list('file:gone/*.csv')).toEqual([])
  })
})

describe('an address', () => {
  it.each([
    'gs://bucket/*.csv',
    'incoming/*.csv',
    'file://host/x/*.csv',
    'file:incoming/',
    'file:../*.csv',
    'file:incoming/../../*.csv',
    'file:incoming/%2e%2e/*.csv',
    'file:incoming%2F..%2F*.csv',
    'file:incoming/%zz',
    'file:incoming/a%00b',
    'file:incoming/[a',
    'file:',
  ])('%s is refused', async (uri) => {
    await expect(list(uri)).rejects.toMatchObject({ code: 'declaration_invalid', retryable: false })
  })

  it('that is absolute stays within what the config allows', async () => {
    await put('a.csv')
    const bounded = createFolderSource({ base, settle: 0, within: [incoming] })
    expect(await bounded.list(`file://${incoming}/*.csv`, never)).toHaveLength(1)
    await mkdir(`${incoming}-2`)
    for (const outside of [`${incoming}-2`, base, '/etc'])
      await expect(bounded.list(`file://${outside}/*`, never)).rejects.toMatchObject({ code: 'declaration_invalid' })
  })
})
