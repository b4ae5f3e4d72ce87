import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { installHook } from '../../src/cli/hook/install-hook.ts'
import { bareRepository, commitFiles, git, workingRepository } from '../hosts/git-repositories.ts'
import { createRecordingServer, type RecordingServer } from './recording-server.ts'

const secret = 'one secret for the hook and the controller'
const zeros = '0'.repeat(40)

let folder: string
let bare: string
let work: string
let secretFile: string
let server: RecordingServer
let url: string
const cleanUps: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-hook-'))
  bare = await bareRepository(join(folder, 'beans.git'))
  work = await workingRepository(join(folder, 'work'), bare)
  secretFile = join(folder, 'secret')
  await writeFile(secretFile, `${secret}\n`, { mode: 0o600 })
  server = await createRecordingServer([{ name: 'beans', host: 'git', secrets: [secret] }])
  url = await server.app.listen({ host: '127.0.0.1', port: 0 })
  cleanUps.push(
    () => server.app.close(),
    () => rm(folder, { recursive: true, force: true }),
  )
})
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
})

const install = (over: object = {}) => installHook(bare, { url, repository: 'beans', secretFile, ...over })
const push = async (...args: readonly string[]): Promise<string> => {
  const said: string[] = []
  await git(work, ['push', ...(args.length === 0 ? ['origin', 'main'] : args)], said)
  return said.join('\n')
}
const spooled = async (): Promise<readonly string[]> => readdir(join(bare, 'hooks', 'winnow', 'spool')).catch(() => [])

describe('a push through the installed hook', () => {
  it('is recorded with its commits and its pusher, and the pusher reads so', async () => {
    await install()
    const commit = await commitFiles(work, { 'winnow.yaml': 'version: 1\n' })
    const said = await push()
    expect(server.changes).toMatchObject([
      {
        repository: 'beans',
        author: 'grower',
        cause: { kind: 'push', ref: 'refs/heads/main', before: zeros, commit, deleted: false },
      },
    ])
    expect(said).toContain(`winnow: refs/heads/main ${commit.slice(0, 10)} is change 1`)
    expect(await spooled()).toEqual([])
  })

  it('tells of each ref: several at once, a force push, a tag, a deletion', async () => {
    await install()
    const first = await commitFiles(work, { a: '1' })
    await git(work, ['branch', 'side'])
    await git(work, ['tag', 'v1'])
    await push('origin', 'main', 'side', 'v1')
    await git(work, ['commit', '--quiet', '--amend', '--message', 'Other'])
    const second = await git(work, ['rev-parse', 'HEAD'])
    await push('--force', 'origin', 'main')
    await push('origin', '--delete', 'side')
    expect(server.changes.map(({ cause }) => cause)).toEqual([
      { kind: 'push', ref: 'refs/heads/main', before: zeros, commit: first, deleted: false },
      { kind: 'push', ref: 'refs/heads/side', before: zeros, commit: first, deleted: false },
      { kind: 'push', ref: 'refs/tags/v1', before: zeros, commit: first, deleted: false },
      { kind: 'push', ref: 'refs/heads/main', before: first, commit: second, deleted: false },
      { kind: 'push', ref: 'refs/heads/side', before: first, commit: zeros, deleted: true },
    ])
  })

  it('while Winnow is down goes through, is kept, and comes with the next one, in order', async () => {
    await install({ timeout: 600 })
    const port = (server.app.server.address() as AddressInfo).port
    await server.app.close()
    const first = await commitFiles(work, { a: '1' })
    const said = await push()
    expect(said).toMatch(/ECONNREFUSED/)
    expect(said).toContain('the push is in; its delivery is kept and goes with the next push')
    expect(await git(bare, ['rev-parse', 'main'])).toBe(first)
    expect(await spooled()).toHaveLength(1)

    server = await createRecordingServer([{ name: 'beans', host: 'git', secrets: [secret] }])
    await server.app.listen({ host: '127.0.0.1', port })
    cleanUps.unshift(() => server.app.close())
    await install()
    const second = await commitFiles(work, { a: '2' })
    await push()
    expect(server.changes.map(({ cause }) => 'commit' in cause && cause.commit)).toEqual([first, second])
    expect(await spooled()).toEqual([])
  })

  it('is tried again where the store fails for a moment, and recorded once', async () => {
    await install()
    server.failures.push(new Error('deadlock'), new Error('deadlock'))
    await commitFiles(work, { a: '1' })
    expect(await push()).toContain('is change 1')
    expect(server.changes).toHaveLength(1)
  })

  it('is not held up by a controller that never answers', async () => {
    const silent: Server = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    cleanUps.push(async () => {
      silent.closeAllConnections()
      silent.close()
    })
    await install({ url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`, timeout: 400 })
    await commitFiles(work, { a: '1' })
    // The answer never comes: that the push ends at all is what is asked.
    expect(await push()).toContain('no answer in time')
    expect(await spooled()).toHaveLength(1)
  })

  it('with the wrong secret is kept until somebody mends it', async () => {
    await install()
    await writeFile(secretFile, 'not the secret\n')
    await commitFiles(work, { a: '1' })
    expect(await push()).toMatch(/401 .*signature/)
    expect(server.changes).toEqual([])
    await writeFile(secretFile, `${secret}\n`)
    await commitFiles(work, { a: '2' })
    await push()
    expect(server.changes).toHaveLength(2)
  })

  it('that Winnow will never take is put aside and does not stop the next', async () => {
    await install()
    const spool = join(bare, 'hooks', 'winnow', 'spool')
    await mkdir(spool, { recursive: true })
    await writeFile(join(spool, '00000000000001-x.json'), '{"refs":[]}')
    await commitFiles(work, { a: '1' })
    expect(await push()).toMatch(/refused with 422.*kept as/)
    expect(server.changes).toHaveLength(1)
    expect(await readdir(join(bare, 'hooks', 'winnow', 'refused'))).toEqual(['00000000000001-x.json'])
  })

  it('does not sign with a secret that others can read', async () => {
    await install()
    await chmod(secretFile, 0o644)
    await commitFiles(work, { a: '1' })
    expect(await push()).toContain(`chmod 600`)
    expect(server.changes).toEqual([])
  })

  it('keeps the secret out of everything it writes', async () => {
    await install()
    for (const name of ['post-receive', 'winnow/config.json', 'winnow/deliver.mjs'])
      expect(await readFile(join(bare, 'hooks', name), 'utf8')).not.toContain(secret)
  })
})

describe('installing', () => {
  it('twice changes nothing; other settings change it', async () => {
    expect(await install()).toMatchObject({ state: 'installed', chained: undefined })
    expect(await install()).toMatchObject({ state: 'unchanged' })
    expect(await install({ repository: 'lentils' })).toMatchObject({ state: 'updated', chained: undefined })
    expect((await readdir(join(bare, 'hooks'))).filter((name) => name.includes('chained'))).toEqual([])
  })

  it('keeps the hook that was there, which runs first with the same refs', async () => {
    const old = join(bare, 'hooks', 'post-receive')
    await writeFile(old, '#!/bin/sh\necho "old hook: $(cat)" >&2\nexit 3\n', { mode: 0o755 })
    const { chained } = await install()
    expect(chained).toBe(join(bare, 'hooks', 'post-receive.chained-1'))
    await install()
    const commit = await commitFiles(work, { a: '1' })
    const said = await push()
    expect(said.indexOf(`old hook: ${zeros} ${commit} refs/heads/main`)).toBeGreaterThan(-1)
    expect(said.indexOf('old hook')).toBeLessThan(said.indexOf('is change 1'))

    // Somebody overwrites ours: theirs is kept beside the first.
    await writeFile(old, '#!/bin/sh\necho "newer hook" >&2\n', { mode: 0o755 })
    expect((await install()).chained).toBe(join(bare, 'hooks', 'post-receive.chained-2'))
    await commitFiles(work, { a: '2' })
    expect(await push()).toMatch(/old hook[\s\S]*newer hook[\s\S]*is change 2/)
  })

  it('works where pushes go into a working repository, and where the path has spaces', async () => {
    const other = await workingRepository(join(folder, 'a place with spaces'), bare)
    await git(other, ['config', 'receive.denyCurrentBranch', 'ignore'])
    await installHook(other, { url, repository: 'beans', secretFile })
    await commitFiles(work, { a: '1' })
    await push(other, 'main')
    expect(server.changes).toHaveLength(1)
    expect((await stat(join(other, '.git', 'hooks', 'post-receive'))).mode & 0o111).not.toBe(0)
  })

  it('falls back on the PATH where the Node that installed it is gone', async () => {
    await install({ node: join(folder, 'gone', 'node') })
    await commitFiles(work, { a: '1' })
    expect(await push()).toContain('is change 1')
  })

  it.each([
    ['a folder that is none', async () => join(folder, 'nothing'), /not a git repository: there is no such folder/],
    ['a plain folder', async () => folder, /not a git repository/],
    [
      'a folder inside a repository',
      async () => {
        await mkdir(join(work, 'deep'))
        return join(work, 'deep')
      },
      /not a git repository: it lies inside/,
    ],
    [
      'hooks that are kept elsewhere',
      async () => {
        await git(bare, ['config', 'core.hooksPath', join(folder, 'shared')])
        return bare
      },
      /core\.hooksPath/,
    ],
  ])('refuses %s', async (_name, path, message) => {
    const repository = await path()
    await expect(installHook(repository, { url, repository: 'beans', secretFile })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message),
      remedy: expect.any(String),
    })
  })

  it.each([
    ['ftp://127.0.0.1', /not the address/],
    ['controller:8085', /not the address/],
    ['http://me:hush@127.0.0.1', /not the address/],
  ])('refuses the address %s', async (address, message) => {
    await expect(install({ url: address })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message),
    })
  })

  it('refuses a secret file that is missing, empty, or open to others', async () => {
    await expect(install({ secretFile: join(folder, 'none') })).rejects.toMatchObject({ code: 'usage' })
    await writeFile(join(folder, 'empty'), '', { mode: 0o600 })
    await expect(install({ secretFile: join(folder, 'empty') })).rejects.toMatchObject({ message: /empty/ })
    await chmod(secretFile, 0o640)
    await expect(install()).rejects.toMatchObject({
      message: expect.stringContaining('Others may read'),
      remedy: /chmod 600/,
    })
  })
})
