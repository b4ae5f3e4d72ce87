import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { digestBytes } from '../../../domain/digest.ts'
import { contentDigest } from './content-digest.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-content-'))
  await mkdir(join(folder, 'sub'))
  await writeFile(join(folder, 'a'), 'one')
  await writeFile(join(folder, 'sub', 'b'), 'two')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('is of a file its bytes, and of nothing null', async () => {
  expect(await contentDigest(join(folder, 'a'))).toBe(digestBytes('one'))
  expect(await contentDigest(join(folder, 'none'))).toBeNull()
})

it('does not change with times', async () => {
  const before = await contentDigest(folder)
  await utimes(join(folder, 'a'), 1, 1)
  expect(await contentDigest(folder)).toBe(before)
})

it.each([
  ['a byte', () => writeFile(join(folder, 'sub', 'b'), 'twO')],
  ['a name', () => rename(join(folder, 'a'), join(folder, 'c'))],
  ['a place', () => rename(join(folder, 'sub', 'b'), join(folder, 'b'))],
  ['a new empty folder', () => mkdir(join(folder, 'empty'))],
  ['a link', () => symlink('a', join(folder, 'link'))],
])('changes with %s', async (_, change) => {
  const before = await contentDigest(folder)
  await change()
  expect(await contentDigest(folder)).not.toBe(before)
})
