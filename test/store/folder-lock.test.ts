import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openPool } from '../../src/adapters/store/open-pool.ts'
import type { Fault } from '../../src/domain/errors.ts'
import { type FolderLock, lockFolder } from '../../src/processes/folder-lock.ts'

const script = fileURLToPath(new URL('./hold-folder.ts', import.meta.url))

describe('the lock of a data folder', () => {
  let folder: string
  const children: ChildProcess[] = []
  const locks: FolderLock[] = []

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'winnow-lock-'))
  })
  afterEach(async () => {
    await Promise.all(locks.splice(0).map((lock) => lock.release()))
    for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })

  const holdElsewhere = async (where = folder): Promise<{ child: ChildProcess; said: string }> => {
    const child = spawn(process.execPath, [script, where], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    const [said] = (await once(child.stdout, 'data')) as [Buffer]
    return { child, said: said.toString().trim() }
  }
  const lock = async (where = folder): Promise<FolderLock> => {
    const held = await lockFolder(where)
    locks.push(held)
    return held
  }

  it('is refused to a second process, naming the first', async () => {
    const { child, said } = await holdElsewhere()
    expect(said).toBe('locked')
    const fault = (await lock().catch((error: unknown) => error)) as Fault
    expect(fault).toMatchObject({ code: 'data_folder_locked', retryable: false })
    expect(fault.message).toContain(`${folder} is in use by the process ${child.pid}`)
    expect(fault.remedy).toContain('another data folder')
    expect((await holdElsewhere()).said).toBe('data_folder_locked')
  })

  it('is refused to the same process', async () => {
    await lock()
    await expect(lock()).rejects.toMatchObject({
      code: 'data_folder_locked',
      message: expect.stringContaining('this process'),
    })
  })

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'is free after the holder died of %s, and what it left is cleared away',
    async (signal) => {
      const { child } = await holdElsewhere()
      child.kill(signal)
      await once(child, 'exit')
      await lock()
      expect(await readdir(folder)).toHaveLength(1)
    },
  )

  it('is held by a stopped process', async () => {
    const { child } = await holdElsewhere()
    child.kill('SIGSTOP')
    await expect(lock()).rejects.toMatchObject({ code: 'data_folder_locked' })
    child.kill('SIGCONT')
  })

  it('is free after its release, which may be asked for twice', async () => {
    const first = await lock()
    await first.release()
    await first.release()
    expect(await readdir(folder)).toEqual([])
    await lock()
  })

  it('goes to at most one of many that ask at once, and to one in the end', async () => {
    for (let round = 0; round < 20; round += 1) {
      const results = await Promise.allSettled(Array.from({ length: 5 }, () => lockFolder(folder)))
      const held = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      expect(held).toHaveLength(1)
      await held[0]?.release()
    }
  })

  it('works in a folder whose path is too long for a socket', async () => {
    const deep = join(folder, 'x'.repeat(120), 'y'.repeat(120))
    await mkdir(deep, { recursive: true })
    const { child, said } = await holdElsewhere(deep)
    expect(said).toBe('locked')
    await expect(lock(deep)).rejects.toMatchObject({ code: 'data_folder_locked' })
    child.kill('SIGKILL')
    await once(child, 'exit')
    await lock(deep)
  })

  it('guards the embedded database', async () => {
    const pool = await openPool({ folder })
    await expect(openPool({ folder })).rejects.toMatchObject({ code: 'data_folder_locked' })
    await pool.end()
    await pool.end()
    await (await openPool({ folder })).end()
  })
})
