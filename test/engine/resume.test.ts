import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { jobOf, lives, openWorkshop, taskOf, until, untilFile, type Workshop } from './workshop.ts'

beforeAll(async () => {
  await using workshop = await openWorkshop()
  await workshop.run('warm-up', 'loop', {})
}, 300_000)

/** Runs a job in a process of its own until `ready`, then kills that with SIGKILL. */
const killedWhen = async (
  workshop: Workshop,
  id: string,
  pipeline: string,
  ready: () => Promise<void>,
  python = 'warm',
) => {
  const args = [join(import.meta.dirname, 'run-job.ts'), workshop.root, id, pipeline]
  const child = spawn(process.execPath, [...args, JSON.stringify({ shared: workshop.shared }), python], {
    stdio: 'inherit',
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  await ready()
  child.kill('SIGKILL')
  await ended
}
const marks = async ({ shared }: Workshop): Promise<readonly string[]> =>
  existsSync(join(shared, 'marks')) ? (await readFile(join(shared, 'marks'), 'utf8')).trim().split('\n') : []
const waitingPids = async (workshop: Workshop): Promise<readonly number[]> =>
  (await marks(workshop)).flatMap((mark) => (mark.startsWith('waiting') ? [Number(mark.split(' ').at(-1))] : []))

const parentOf = async (pid: number): Promise<number> =>
  Number((await readFile(`/proc/${pid}/stat`, 'latin1')).split(') ')[1]?.split(' ')[1])

describe('after kill -9 of the controller', () => {
  it('leaves no task running and runs only what had not ended', async () => {
    await using workshop = await openWorkshop()
    let server = 0
    await killedWhen(workshop, 'job', 'resumed', async () => {
      await until('the second task', async () => (await waitingPids(workshop)).length === 1)
      server = await parentOf((await waitingPids(workshop))[0] ?? 0)
    })
    const [old = 0] = await waitingPids(workshop)
    // Neither a warm Python nor what was forked from it outlives its controller.
    for (const pid of [old, server]) await until(`the end of ${pid}`, async () => !(await lives(pid)))

    await workshop.engine.resume()
    await until('the second task again', async () => (await waitingPids(workshop)).length === 2)
    await writeFile(join(workshop.shared, 'go'), '')
    const view = await workshop.ended('job')
    expect(view).toMatchObject({ state: 'succeeded', error: null })
    expect((await marks(workshop)).map((mark) => mark.replace(/ \d+$/, ''))).toEqual([
      'first',
      'waiting after first',
      'waiting after first',
      'first, waited',
    ])
    expect(taskOf(view, 'mark').attempts).toBe(1)
    expect(taskOf(view, 'wait-for').attempts).toBe(2)
  })

  it('leaves nothing that a warm Python started, in whatever session', async () => {
    await using workshop = await openWorkshop()
    const pidsFile = join(workshop.shared, 'pids')
    await killedWhen(workshop, 'job', 'lingering', () => untilFile(pidsFile))
    const old = (await readFile(pidsFile, 'utf8')).split(' ').map(Number)
    expect(old).toHaveLength(2)
    for (const pid of old) await until(`the end of ${pid}`, async () => !(await lives(pid)))
  })

  it('kills what hid in a session of its own, and can cancel what it took up', async () => {
    await using workshop = await openWorkshop()
    const pidsFile = join(workshop.shared, 'pids')
    await killedWhen(workshop, 'job', 'lingering', () => untilFile(pidsFile), 'cold')
    const old = (await readFile(pidsFile, 'utf8')).split(' ').map(Number)
    expect(await Promise.all(old.map(lives))).toEqual([true, true])
    await writeFile(pidsFile, '')
    await workshop.engine.resume()
    await until('the task again', async () => (await readFile(pidsFile, 'utf8')) !== '')
    for (const pid of old) await until(`the end of ${pid}`, async () => !(await lives(pid)))
    await workshop.engine.cancel('job')
    expect((await workshop.ended('job')).state).toBe('cancelled')
  })

  it('bears a torn last line, and starts nothing twice that is asked for twice', async () => {
    await using workshop = await openWorkshop()
    await killedWhen(workshop, 'job', 'resumed', () =>
      until('the second task', async () => (await waitingPids(workshop)).length === 1),
    )
    await appendFile(join(workshop.root, 'platform', 'jobs', 'job', 'journal.jsonl'), '{"kind":"event","at":1,"ev')
    await writeFile(join(workshop.shared, 'go'), '')
    const job = await jobOf('job', 'resumed', { shared: workshop.shared })
    await Promise.all([workshop.engine.start(job), workshop.engine.start(job), workshop.engine.resume()])
    expect((await workshop.ended('job')).state).toBe('succeeded')
    expect((await marks(workshop)).filter((mark) => mark === 'first')).toHaveLength(1)
    expect((await marks(workshop)).filter((mark) => mark === 'first, waited')).toHaveLength(1)
  })

  it('only tells again how a job ended that has ended', async () => {
    await using workshop = await openWorkshop()
    const before = await workshop.run('job', 'retry')
    const tries = await readFile(join(workshop.shared, 'tries'), 'utf8')
    await workshop.engine.resume()
    await workshop.start('job', 'retry')
    const after = await workshop.ended('job')
    expect(after).toEqual(before)
    expect(await readFile(join(workshop.shared, 'tries'), 'utf8')).toBe(tries)
  })
})

describe('after a stop', () => {
  it('goes on where it was', async () => {
    await using workshop = await openWorkshop()
    await workshop.start('job', 'resumed')
    await until('the second task', async () => (await waitingPids(workshop)).length === 1)
    await workshop.engine.close()
    const [old = 0] = await waitingPids(workshop)
    expect(await lives(old)).toBe(false)
    await writeFile(join(workshop.shared, 'go'), '')
    await workshop.engine.resume()
    expect((await workshop.ended('job')).state).toBe('succeeded')
    expect((await marks(workshop)).filter((mark) => mark === 'first')).toHaveLength(1)
  })
})
