import { once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { freePort } from '../../src/cli/free-port.ts'
import { spawnController, until } from './controller.ts'
import { processesOf, taskSleeps } from './processes.ts'
import { openSite, type Site } from './site.ts'
import { embeddedStores } from './stores.ts'

/** The site's config with other values, in a file of its own. */
const otherConfig = async (site: Site, over: object): Promise<string> => {
  const file = join(site.folder, 'other.config.yaml')
  await writeFile(file, stringify({ ...(parse(await readFile(site.configFile, 'utf8')) as object), ...over }))
  return file
}

/** What a person reads: the lines that are not the log's. */
const words = (output: string): readonly string[] =>
  output.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('{'))

// One story in the order in which it is told.
describe('the controller as a process', () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite(embeddedStores())
    await site.start()
  })
  afterAll(() => site?.close())

  it('keeps its token for its owner, and answers nobody without it', async () => {
    expect((await stat(join(site.data, 'token'))).mode & 0o777).toBe(0o600)
    expect((await stat(site.data)).mode & 0o077).toBe(0)
    const token = (await readFile(join(site.data, 'token'), 'utf8')).trim()
    const status = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
      (await fetch(`${site.url}${path}`, { headers })).status
    expect(await status('/api/v1/changes', { authorization: `Bearer ${token}` })).toBe(200)
    for (const path of ['/api/v1/changes', '/api/v1/runs', '/api/v1/endpoints', '/api/v1/openapi.json'])
      expect([path, await status(path)]).toEqual([path, 401])
    expect(await status('/api/v1/changes', { authorization: `Bearer ${token}x` })).toBe(401)
    expect(await status('/healthz')).toBe(200)
    expect(await status('/readyz')).toBe(200)
    expect(site.output()).not.toContain(token)
  })

  it('refuses a second process on its data folder with one clear line', async () => {
    const second = spawnController(await otherConfig(site, { listen: { port: await freePort() }, platform: {} }))
    expect(await second.ended).toEqual({ exitCode: 2, signal: null })
    const [line = '', ...remedy] = words(second.output())
    expect(line).toMatch(new RegExp(`^winnow: .*in use by the process ${site.pid()}.*\\[data_folder_locked\\]$`))
    expect(remedy).toEqual([expect.stringMatching(/^ {2}→ /)])
    await site.commitNumbers(2, 0.95)
    const [change] = await site.push()
    const { runs } = await site.ended(change as number)
    expect(await site.settledRun(runs[0] as number)).toMatchObject({ releases: [{ state: 'live' }] })
  })

  it('drains at SIGTERM with a task under way, exits 0, and goes on with it the next time', async () => {
    await site.setPace(300)
    await site.commitNumbers(3, 0.95)
    const [change] = await site.push()
    await until('the task to run', () => taskSleeps(site.data))
    const began = Date.now()
    expect(await site.stop()).toEqual({ exitCode: 0, signal: null })
    // The task itself would take five minutes.
    expect(Date.now() - began).toBeLessThan(120_000)
    expect(processesOf(site.data)).toEqual([])
    await site.setPace(0.1)
    await site.start()
    const { runs } = await site.ended(change as number)
    const { run, releases } = await site.settledRun(runs[0] as number)
    expect(run).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect(releases).toMatchObject([{ state: 'live' }])
    expect((await site.predict<{ value: number }>('numbers', { x: 10 })).value).toBe(30)
  }, 300_000)

  it('says in one clear line that its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    try {
      const config = { listen: { port }, dataFolder: join(site.folder, 'other-data'), platform: {} }
      const second = spawnController(await otherConfig(site, config))
      expect(await second.ended).toEqual({ exitCode: 2, signal: null })
      const [line = '', ...remedy] = words(second.output())
      expect(line).toBe(`winnow: Port ${port} of 127.0.0.1 is taken [port_taken]`)
      expect(remedy).toEqual([expect.stringMatching(/^ {2}→ .*WINNOW_PORT/)])
    } finally {
      taken.close()
    }
    expect(processesOf(join(site.folder, 'other-data'))).toEqual([])
  })
})
