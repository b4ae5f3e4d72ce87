import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { createWarmPool, type WarmPool } from '../../src/platform/engine/warm/warm-pool.ts'
import { until } from './workshop.ts'

const wanted = (kind: string, modules: readonly string[] = []) => ({
  python: 'python3',
  // Any module will do: nothing is forked here.
  executor: 'json.tool',
  modules,
  env: { PATH: process.env['PATH'] ?? '', KIND: kind },
})

/** The pids of the fork servers of a kind that are ours and alive. */
const serversOf = async (kind: string): Promise<readonly number[]> => {
  const text = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8')
  const pids = text.trim().split(' ').filter(Boolean).map(Number)
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
      return environment.split('\0').includes(`KIND=${kind}`) ? [pid] : []
    }),
  )
  return found.flat()
}

const use = async (pool: WarmPool, kind: string, modules?: readonly string[]): Promise<boolean> =>
  (await pool.withServer(wanted(kind, modules), async () => true)) ?? false

describe('fork servers', () => {
  it('are shared by those who want the same or less', async () => {
    const pool = createWarmPool()
    expect(await use(pool, 'shared', ['csv', 'decimal'])).toBe(true)
    expect(await use(pool, 'shared', ['csv'])).toBe(true)
    expect(await use(pool, 'shared')).toBe(true)
    expect(await serversOf('shared')).toHaveLength(1)
    expect(await use(pool, 'shared', ['csv', 'wave'])).toBe(true)
    expect(await serversOf('shared')).toHaveLength(2)
    await pool.close()
    expect(await serversOf('shared')).toEqual([])
  })

  it('keep nobody waiting for what somebody else wants loaded', async () => {
    const pool = createWarmPool()
    const both = [use(pool, 'apart', ['csv', 'decimal']), use(pool, 'apart')]
    expect(await Promise.all(both)).toEqual([true, true])
    expect(await serversOf('apart')).toHaveLength(2)
    await pool.close()
  })

  it('make room by least recent use, and none is taken from who uses it', async () => {
    const pool = createWarmPool({ servers: 2, memory: 2 ** 30, idleMs: 60_000 })
    for (const kind of ['a', 'b', 'a', 'c']) expect(await use(pool, kind)).toBe(true)
    await until('the end of b', async () => (await serversOf('b')).length === 0)
    expect([await serversOf('a'), await serversOf('c')].map((pids) => pids.length)).toEqual([1, 1])
    const inUse = await pool.withServer(wanted('a'), () => pool.withServer(wanted('c'), () => use(pool, 'd')))
    expect(inUse).toBe(false)
    await pool.close()
  })

  it('end when they are idle or too large', async () => {
    const idle = createWarmPool({ servers: 2, memory: 2 ** 30, idleMs: 1 })
    expect(await use(idle, 'idle')).toBe(true)
    await until('its end', async () => (await serversOf('idle')).length === 0)
    await idle.close()
    const small = createWarmPool({ servers: 2, memory: 1, idleMs: 60_000 })
    expect([await use(small, 'old'), await use(small, 'new')]).toEqual([true, true])
    await until('the end of the old one', async () => (await serversOf('old')).length === 0)
    expect(await serversOf('new')).toHaveLength(1)
    await small.close()
    expect(await use(small, 'late')).toBe(false)
  })
})
