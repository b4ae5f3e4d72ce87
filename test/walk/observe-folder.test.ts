import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { silentLog } from '../../src/log.ts'
import { createFolderWatch } from '../../src/workers/loops/observe-folder.ts'
import {
  createWalk,
  goodFiles,
  openWalkDatabase,
  repository,
  type Walk,
  type WalkDatabase,
  winnowYaml,
} from './walk.ts'

const signal = new AbortController().signal

let database: WalkDatabase
let walk: Walk
beforeAll(async () => {
  database = await openWalkDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  walk = await createWalk(database)
})

/** A watch, and how often it asked the host where the protected branch stands. */
const watch = () => {
  const asked = { head: 0 }
  const { look } = createFolderWatch({
    ...walk,
    host: {
      ...walk.host,
      head: (...of) => {
        asked.head += 1
        return walk.host.head(...of)
      },
    },
    source: walk.data.source,
    repositories: [repository],
    log: silentLog,
  })
  return { asked, look: () => look(signal) }
}
const declare = (on: string) => walk.commit('main', { ...goodFiles, 'winnow.yaml': winnowYaml({ on }) })
const folder = '{data: {uri: "file:/data/*.csv", quiet: 5s, into: source}}'

it('a repository without folders is asked once, and again when a push of its branch was told, or after a minute', async () => {
  declare('{push: {branches: [main]}}')
  const { asked, look } = watch()
  for (let i = 0; i < 5; i++) await look()
  expect(asked.head).toBe(1)
  await walk.push('f'.repeat(40), { ref: 'refs/heads/other' })
  await look()
  expect(asked.head).toBe(1)
  walk.data.write({ uri: 'file:/data/a.csv', generation: '1', size: 3 })
  await walk.push(declare(folder))
  expect(await look()).toBe(1)
  expect(asked.head).toBe(2)
  declare('{}')
  await look()
  walk.pass(59_999)
  await look()
  expect(asked.head).toBe(3)
  walk.pass(1)
  await look()
  expect(asked.head).toBe(4)
})

it('a repository with folders is asked each time: what its branch declares now is watched', async () => {
  declare(folder)
  walk.data.write({ uri: 'file:/data/a.csv', generation: '1', size: 3 })
  const { asked, look } = watch()
  expect([await look(), await look()]).toEqual([1, 0])
  declare('{push: {branches: [main]}}')
  walk.data.write({ uri: 'file:/data/b.csv', generation: '1', size: 3 })
  expect(await look()).toBe(0)
  expect(asked.head).toBe(3)
})

it('a repository that could not be read is asked again soon, and goes on being watched', async () => {
  const { asked, look } = watch()
  for (let i = 0; i < 3; i++) await look()
  expect(asked.head).toBe(1)
  declare(folder)
  walk.data.write({ uri: 'file:/data/a.csv', generation: '1', size: 3 })
  walk.pass(10_000)
  expect(await look()).toBe(1)
  walk.heads.delete('main')
  expect(await look()).toBe(0)
  declare(folder)
  walk.data.write({ uri: 'file:/data/b.csv', generation: '1', size: 3 })
  expect(await look()).toBe(1)
})
