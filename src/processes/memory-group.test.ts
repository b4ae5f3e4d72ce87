import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sweepGroups } from './memory-group.ts'

it('sweeps away what dead controllers left, and nothing of one that lives', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'winnow-groups-'))
  const ended = spawn('true')
  await once(ended, 'close')
  const { pid: dead } = ended
  const stay = [`winnow-${dead}-2`, `winnow-${process.pid}-1`, `winnow-${process.ppid}-7`, 'winnow-other', 'x']
  for (const name of [`winnow-${dead}-1`, ...stay]) await mkdir(join(folder, name))
  // As a group that holds processes, it cannot be removed.
  await mkdir(join(folder, `winnow-${dead}-2`, 'process'))
  sweepGroups(folder)
  expect((await readdir(folder)).sort()).toEqual(stay.sort())
  await rm(folder, { recursive: true })
})
