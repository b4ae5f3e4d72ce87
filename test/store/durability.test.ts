import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { createStore } from '../../src/adapters/store/store.ts'
import { describeDatabases, makeEmbedded, openPool, until } from './databases.ts'

const script = fileURLToPath(new URL('./write-changes.ts', import.meta.url))

describeDatabases('what was acknowledged', ({ make }) => {
  it('is there after kill -9 in the middle of writing, three times over', async () => {
    const database = await make()
    const { folder, databaseUrl } = database.options
    const acknowledged = new Map<number, string>()
    for (const [life, wanted] of [40, 90, 60].entries()) {
      const args = [script, folder, `life${life}`, ...(databaseUrl === undefined ? [] : [databaseUrl])]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      let text = ''
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      await until('enough was written', () => text.split('\n').length > wanted || child.exitCode !== null, 150_000)
      expect(child.exitCode).toBeNull()
      child.kill('SIGKILL')
      await once(child, 'close')
      // The last line may be half of one: it was not acknowledged in whole.
      for (const line of text.split('\n').slice(1, -1)) {
        const [id = '', key = ''] = line.split(' ')
        acknowledged.set(Number(id), key)
      }
    }
    const store = await createStore(await openPool(database.options))
    const rows = await store.list('change', {}, 1_000_000)
    const stored = new Map(rows.map(({ id, dedupeKey }) => [id, dedupeKey]))
    expect(acknowledged.size).toBeGreaterThan(150)
    expect([...acknowledged].filter(([id, key]) => stored.get(id) !== key)).toEqual([])
    // Each with its job: what was recorded will be worked on.
    const jobs = new Set((await store.outbox(1_000_000)).map(({ job }) => job.id))
    expect(rows.filter(({ id }) => !jobs.has(id))).toEqual([])
    await store.close()
    await database.dispose()
  }, 300_000)
})

it('a first start that is killed while it makes the database does not spoil the folder', async () => {
  const database = await makeEmbedded()
  const { folder } = database.options
  const child = spawn(process.execPath, [script, folder, 'first'], { stdio: 'ignore' })
  await until('it began', async () => (await readdir(folder)).some((name) => name.startsWith('postgres')), 150_000)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const store = await createStore(await openPool(database.options))
  expect(await store.countChanges()).toEqual({})
  await store.close()
  expect(await readdir(folder)).toEqual(['postgres'])
  await database.dispose()
}, 300_000)
