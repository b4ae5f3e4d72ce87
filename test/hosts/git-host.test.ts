import { access, lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createGitHost, type GitLimits } from '../../src/adapters/hosts/git-host.ts'
import type { RepositoryHost } from '../../src/domain/ports/host.ts'
import { createGitHttpServer } from './git-http-server.ts'
import { bareRepository, commitFiles, git, gitInput, workingRepository } from './git-repositories.ts'

const never = new AbortController().signal
const zeros = '0'.repeat(40)

let folder: string
let bare: string
let work: string
let host: RepositoryHost
const cleanUps: (() => Promise<unknown>)[] = []

const hostWith = (limits: Partial<GitLimits> = {}, url = `file://${bare}`, accessToken?: string): RepositoryHost =>
  createGitHost({
    folder: join(folder, 'data'),
    repositories: { beans: { url, ...(accessToken === undefined ? {} : { accessToken }) } },
    limits,
  })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-host-'))
  cleanUps.push(() => rm(folder, { recursive: true, force: true }))
  bare = await bareRepository(join(folder, 'beans.git'))
  work = await workingRepository(join(folder, 'work'), bare)
  host = hostWith()
})
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

const pushed = async (files: Readonly<Record<string, string | Buffer>>): Promise<string> => {
  const commit = await commitFiles(work, files)
  await git(work, ['push', '--quiet', '--force', 'origin', 'HEAD:refs/heads/main'])
  return commit
}

/** Puts a tree that no porcelain would make onto main: lines as `git mktree` takes them. */
const pushedTree = async (lines: string): Promise<string> => {
  const tree = await gitInput(work, ['mktree', '--missing'], lines)
  const commit = await git(work, ['commit-tree', tree, '-m', 'Odd'])
  await git(work, ['push', '--quiet', '--force', 'origin', `${commit}:refs/heads/main`])
  return commit
}

describe('the head of a pull request', () => {
  const hostOf = (pullRequests?: string) =>
    createGitHost({
      folder: join(folder, 'data'),
      repositories: { beans: { url: `file://${bare}`, ...(pullRequests === undefined ? {} : { pullRequests }) } },
    })

  it('is fetched from the repository itself, and kept where it is the commit that was told', async () => {
    await pushed({ a: '1' })
    const fork = await commitFiles(work, { a: 'forked' })
    await git(work, ['push', '--quiet', 'origin', `${fork}:refs/pull/7/head`])
    const later = await commitFiles(work, { a: 'later' })
    const pulls = hostOf('refs/pull/*/head')
    expect(await pulls.fetchPullRequest('beans', 7, later, never)).toBe(false)
    expect(await pulls.fetchPullRequest('beans', 7, fork, never)).toBe(true)
    expect(await pulls.readFile('beans', fork, 'a', never)).toBe('forked')
    await git(work, ['push', '--quiet', '--force', 'origin', `${later}:refs/pull/7/head`])
    expect(await pulls.fetchPullRequest('beans', 7, later, never)).toBe(true)
    expect(await pulls.readFile('beans', later, 'a', never)).toBe('later')
  })

  it('is no reason to hold one commit for another', async () => {
    const told = await pushed({ a: '1' })
    const other = await commitFiles(work, { a: 'other' })
    await git(work, ['push', '--quiet', 'origin', `${other}:refs/pull/7/head`])
    const pulls = hostOf('refs/pull/*/head')
    expect(await pulls.fetchPullRequest('beans', 7, told, never)).toBe(false)
    expect(await pulls.readFile('beans', told, 'a', never)).toBe('1')
  })

  it('is not to be had from a host that shows none, nor of a request that is not there', async () => {
    const commit = await pushed({ a: '1' })
    await expect(hostOf().fetchPullRequest('beans', 7, commit, never)).rejects.toMatchObject({
      code: 'checkout_refused',
    })
    const gone = hostOf('refs/pull/*/head').fetchPullRequest('beans', 8, commit, never)
    await expect(gone).rejects.toMatchObject({ code: 'checkout_failed' })
  })
})

describe('how commits stand to each other', () => {
  it('says which comes after which, and where two ways part', async () => {
    const first = await pushed({ a: '1' })
    const second = await pushed({ a: '2' })
    await git(work, ['reset', '--quiet', '--hard', first])
    const other = await pushed({ b: '1' })
    await git(work, ['push', '--quiet', 'origin', `${second}:refs/heads/old`])
    expect(await host.standing('beans', first, second, never)).toEqual({ way: 'forward' })
    expect(await host.standing('beans', second, first, never)).toEqual({ way: 'back' })
    expect(await host.standing('beans', second, other, never)).toEqual({ way: 'aside', base: first })
    expect(await host.standing('beans', other, other, never)).toEqual({ way: 'same' })
  })

  it('does not know of commits that are gone, of no commit, of histories without a common one, and past its depth', async () => {
    const first = await pushed({ a: '1' })
    const second = await pushed({ a: '2' })
    const third = await pushed({ a: '3' })
    const fourth = await pushed({ a: '4' })
    expect(await host.standing('beans', 'e'.repeat(40), fourth, never)).toEqual({ way: 'unknown' })
    expect(await host.standing('beans', zeros, fourth, never)).toEqual({ way: 'unknown' })
    await git(work, ['checkout', '--quiet', '--orphan', 'island'])
    const island = await commitFiles(work, { c: '1' })
    await git(work, ['push', '--quiet', 'origin', 'HEAD:refs/heads/island'])
    expect(await host.standing('beans', island, fourth, never)).toEqual({ way: 'unknown' })
    const shallow = createGitHost({
      folder: join(folder, 'shallow'),
      repositories: { beans: { url: `file://${bare}` } },
      limits: { maxHistory: 2 },
    })
    expect(await shallow.standing('beans', third, fourth, never)).toEqual({ way: 'forward' })
    expect(await shallow.standing('beans', first, fourth, never)).toEqual({ way: 'unknown' })
    expect(await shallow.standing('beans', second, third, never)).toEqual({ way: 'forward' })
  })

  it('fetches commits without their files, where the host can leave them out', async () => {
    await git(bare, ['config', 'uploadpack.allowFilter', 'true'])
    const first = await pushed({ a: 'x'.repeat(1_000) })
    const second = await pushed({ a: 'y'.repeat(1_000) })
    expect(await host.standing('beans', first, second, never)).toEqual({ way: 'forward' })
    const mirrors = join(folder, 'data', 'mirrors')
    const [history = ''] = (await readdir(mirrors)).filter((name) => name.includes('-history'))
    const objects = await git(join(mirrors, history), [
      'cat-file',
      '--batch-all-objects',
      '--batch-check=%(objecttype)',
    ])
    expect(new Set(objects.split('\n'))).toEqual(new Set(['commit']))
  })
})

describe('reading a repository', () => {
  it('finds the files of a name in every folder of a commit', async () => {
    const commit = await pushed({ 'winnow.yaml': '1', 'ml/ä/winnow.yaml': '2', 'ml/mywinnow.yaml': '3', 'x/y': '4' })
    const found = ['ml/ä/winnow.yaml', 'winnow.yaml']
    expect(await host.filesNamed('beans', commit, 'winnow.yaml', never)).toEqual(found)
    const later = await pushed({ 'a/winnow.yaml': '5' })
    expect(await host.filesNamed('beans', later, 'winnow.yaml', never)).toEqual(['a/winnow.yaml', ...found])
    expect(await host.filesNamed('beans', commit, 'winnow.yaml', never)).toEqual(found)
  })

  it('finds the head of a branch, and says where there is none', async () => {
    const commit = await pushed({ a: '1' })
    expect(await host.head('beans', 'main', never)).toBe(commit)
    await git(work, ['push', '--quiet', 'origin', 'HEAD~0:refs/heads/other/refs/heads/gone'])
    await expect(host.head('beans', 'gone', never)).rejects.toMatchObject({ code: 'not_found', retryable: true })
  })

  it.each(['', '-x', '--upload-pack=touch pwned', 'a..b', 'refs/heads/*', 'a b', 'a\nb', 'x.lock', '.x', 'a/.b', 'x/'])(
    'refuses the branch %j',
    async (branch) => {
      await expect(host.head('beans', branch, never)).rejects.toMatchObject({ code: 'checkout_refused' })
    },
  )

  it('lists branches and tags, an annotated one by its commit too, and reads a message', async () => {
    const commit = await pushed({ a: '1' })
    await git(work, ['tag', 'light'])
    await git(work, ['tag', '--annotate', '--message', 'Heavy', 'heavy'])
    await git(work, ['push', '--quiet', 'origin', 'light', 'heavy'])
    const tag = await git(work, ['rev-parse', 'refs/tags/heavy'])
    expect(await host.refs('beans', AbortSignal.timeout(60_000))).toEqual([
      { ref: 'refs/heads/main', commit, object: commit },
      { ref: 'refs/tags/heavy', commit, object: tag },
      { ref: 'refs/tags/light', commit, object: commit },
    ])
    const said = await git(work, ['log', '-1', '--format=%B', commit])
    expect((await host.message('beans', commit, AbortSignal.timeout(60_000))).trim()).toBe(said.trim())
  })

  it('reads files of the commit that is asked for, old or new', async () => {
    const first = await pushed({ 'winnow.yaml': 'version: 1\n', 'deep/er/é.txt': 'ünï' })
    const second = await pushed({ 'winnow.yaml': 'version: 2\n' })
    expect(await host.readFile('beans', second, 'winnow.yaml', never)).toBe('version: 2\n')
    expect(await host.readFile('beans', first, 'winnow.yaml', never)).toBe('version: 1\n')
    expect(await host.readFile('beans', first, 'deep/er/é.txt', never)).toBe('ünï')
    expect(await host.readFile('beans', first, 'nothing', never)).toBeUndefined()
    expect(await host.readFile('beans', first, 'deep', never)).toBeUndefined()
  })

  it('reads an empty file, one at the cap, and refuses one byte more', async () => {
    host = hostWith({ maxReadBytes: 70_000 })
    const commit = await pushed({ empty: '', full: 'é'.repeat(35_000), over: 'x'.repeat(70_001) })
    expect(await host.readFile('beans', commit, 'empty', never)).toBe('')
    expect(await host.readFile('beans', commit, 'full', never)).toBe('é'.repeat(35_000))
    await expect(host.readFile('beans', commit, 'over', never)).rejects.toMatchObject({ code: 'checkout_refused' })
  })

  it('follows links inside the tree and none out of it', async () => {
    await commitFiles(work, { 'real.yaml': 'yes' })
    await symlink('real.yaml', join(work, 'inside.yaml'))
    await symlink('/etc/passwd', join(work, 'outside.yaml'))
    await symlink('../../../../etc/passwd', join(work, 'upward.yaml'))
    const commit = await pushed({})
    expect(await host.readFile('beans', commit, 'inside.yaml', never)).toBe('yes')
    expect(await host.readFile('beans', commit, 'outside.yaml', never)).toBeUndefined()
    expect(await host.readFile('beans', commit, 'upward.yaml', never)).toBeUndefined()
  })

  it.each(['', '/etc/passwd', '../x', 'a/../b', './a', 'a//b', 'a\nb', 'a\0b'])('refuses the path %j', async (path) => {
    const commit = await pushed({ a: '1' })
    await expect(host.readFile('beans', commit, path, never)).rejects.toMatchObject({ code: 'checkout_refused' })
  })

  it.each(['main', 'HEAD', 'abc123', '--output=x', `${'a'.repeat(39)}g`, 'A'.repeat(40), `${'a'.repeat(40)}^`])(
    'refuses the commit %j',
    async (commit) => {
      await expect(host.treeDigest('beans', commit, never)).rejects.toMatchObject({ code: 'checkout_refused' })
    },
  )

  it('gives equal files equal digests and others others', async () => {
    const first = await pushed({ a: '1' })
    const second = await pushed({ a: '2' })
    const third = await pushed({ a: '1' })
    const digests = await Promise.all([first, second, third].map((commit) => host.treeDigest('beans', commit, never)))
    expect(digests[0]).toBe(digests[2])
    expect(digests[0]).not.toBe(digests[1])
    expect(digests[0]).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  it('tells what changed, and takes all for changed where nobody knows', async () => {
    const first = await pushed({ 'kept.txt': '1', 'pipelines/a b.py': '1', 'gone.txt': '1' })
    await rm(join(work, 'gone.txt'))
    const second = await pushed({ 'pipelines/a b.py': '2', 'né.txt': '1' })
    expect([...(await host.changedPaths('beans', first, second, never))].sort()).toEqual([
      'gone.txt',
      'né.txt',
      'pipelines/a b.py',
    ])
    const all = ['kept.txt', 'né.txt', 'pipelines/a b.py']
    expect([...(await host.changedPaths('beans', zeros, second, never))].sort()).toEqual(all)
    expect([...(await host.changedPaths('beans', 'e'.repeat(40), second, never))].sort()).toEqual(all)
  })

  it('fetches a commit that a force push has taken off the branch', async () => {
    const first = await pushed({ a: '1' })
    await git(work, ['checkout', '--quiet', '--orphan', 'other'])
    const second = await pushed({ a: '2' })
    expect(await host.readFile('beans', first, 'a', never)).toBe('1')
    expect(await host.changedPaths('beans', first, second, never)).toEqual(['a'])
  })

  it('reads a repository of SHA-256 hashes', async () => {
    bare = await bareRepository(join(folder, 'long.git'), '--object-format=sha256')
    work = await workingRepository(join(folder, 'long'), bare, '--object-format=sha256')
    host = hostWith()
    const commit = await pushed({ a: '1' })
    expect(commit).toHaveLength(64)
    expect(await host.head('beans', 'main', never)).toBe(commit)
    expect(await host.readFile('beans', commit, 'a', never)).toBe('1')
  })

  it('takes many askers at once, two hosts on one folder after another, and a fetch that was killed', async () => {
    const commits = [await pushed({ a: '1' }), await pushed({ a: '2' }), await pushed({ a: '3' })]
    const read = await Promise.all([...commits, ...commits].map((commit) => host.readFile('beans', commit, 'a', never)))
    expect(read).toEqual(['1', '2', '3', '1', '2', '3'])
    const mirrors = join(folder, 'data', 'mirrors')
    const [mirror = ''] = await readdir(mirrors)
    await writeFile(join(mirrors, mirror, 'shallow.lock'), '')
    await writeFile(join(mirrors, mirror, 'objects', 'pack', 'tmp_pack_half'), 'half')
    const next = await pushed({ a: '4' })
    expect(await hostWith().readFile('beans', next, 'a', never)).toBe('4')
    expect(await readdir(join(mirrors, mirror, 'objects', 'pack'))).not.toContain('tmp_pack_half')
  })

  it('joins its packs before they are many', async () => {
    let commit = ''
    for (let i = 0; i < 54; i += 1) {
      commit = await pushed({ a: String(i) })
      await host.readFile('beans', commit, 'a', never)
    }
    const [mirror = ''] = await readdir(join(folder, 'data', 'mirrors'))
    const packs = await readdir(join(folder, 'data', 'mirrors', mirror, 'objects', 'pack'))
    expect(packs.filter((file) => file.endsWith('.pack')).length).toBeLessThan(10)
    expect(await host.readFile('beans', commit, 'a', never)).toBe('53')
  })

  it('says of a remote that is not there that it may come back', async () => {
    host = hostWith({}, `file://${join(folder, 'nowhere.git')}`)
    await expect(host.head('beans', 'main', never)).rejects.toMatchObject({ code: 'checkout_failed', retryable: true })
    await expect(host.treeDigest('beans', 'a'.repeat(40), never)).rejects.toMatchObject({ code: 'checkout_failed' })
  })

  it('knows no repository but those of the config', async () => {
    await expect(host.head('peas', 'main', never)).rejects.toMatchObject({ code: 'not_found' })
    await expect(host.head('__proto__', 'main', never)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('ends where it is told to', async () => {
    const commit = await pushed({ a: '1' })
    await expect(host.checkout('beans', commit, AbortSignal.abort(new Error('shutting down')))).rejects.toThrow(
      'shutting down',
    )
  })
})

describe('a checkout', () => {
  it('holds the commit’s files as they are, with no .git, and goes away', async () => {
    const commit = await pushed({
      'a.txt': 'one\r\n',
      'run.sh': '#!/bin/sh\n',
      'data.bin': Buffer.from([0, 255, 10, 13]),
    })
    await git(work, ['update-index', '--chmod=+x', 'run.sh'])
    await git(work, ['commit', '--quiet', '-m', 'x', '--no-verify'])
    const executable = await git(work, ['rev-parse', 'HEAD'])
    await git(work, ['push', '--quiet', 'origin', 'HEAD:refs/heads/main'])
    const checkout = await host.checkout('beans', executable, never)
    expect((await readdir(checkout.folder)).sort()).toEqual(['a.txt', 'data.bin', 'run.sh'])
    expect(await readFile(join(checkout.folder, 'a.txt'), 'utf8')).toBe('one\r\n')
    expect(await readFile(join(checkout.folder, 'data.bin'))).toEqual(Buffer.from([0, 255, 10, 13]))
    expect((await lstat(join(checkout.folder, 'run.sh'))).mode & 0o100).not.toBe(0)
    await checkout[Symbol.asyncDispose]()
    expect(await readdir(join(folder, 'data', 'checkouts'))).toEqual([])
    await using second = await host.checkout('beans', commit, never)
    expect(await readFile(join(second.folder, 'a.txt'), 'utf8')).toBe('one\r\n')
  })

  it('runs no filter and no hook that the repository or the user asks for', async () => {
    const proof = join(folder, 'proof')
    const commit = await pushed({ '.gitattributes': '* filter=evil\n', a: '1' })
    await writeFile(join(bare, 'hooks', 'post-checkout'), `#!/bin/sh\ntouch ${proof}\n`, { mode: 0o755 })
    const before = process.env
    process.env = {
      ...before,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'filter.evil.smudge',
      GIT_CONFIG_VALUE_0: `touch ${proof}; cat`,
    }
    try {
      await using checkout = await host.checkout('beans', commit, never)
      expect(await readFile(join(checkout.folder, 'a'), 'utf8')).toBe('1')
    } finally {
      process.env = before
    }
    await expect(access(proof)).rejects.toThrow()
  })

  it('keeps links that stay inside', async () => {
    await commitFiles(work, { 'a/real.txt': 'yes' })
    await symlink('a/real.txt', join(work, 'one'))
    await symlink('../a', join(work, 'a', 'round'))
    await symlink('nothing-here', join(work, 'dangling'))
    const commit = await pushed({})
    await using checkout = await host.checkout('beans', commit, never)
    expect(await readFile(join(checkout.folder, 'one'), 'utf8')).toBe('yes')
    expect(await readFile(join(checkout.folder, 'a/round/real.txt'), 'utf8')).toBe('yes')
  })

  it.each([
    ['an absolute one', { link: '/etc/passwd' }],
    ['one upward', { link: '../secret' }],
    ['one upward from below', { 'a/b/link': '../../../secret' }],
    ['one by way of another', { 'a/b/up': '../..', link: 'a/b/up/../../secret' }],
    ['one that ends above', { link: '..' }],
    ['a circle', { x: 'y', y: 'x' }],
  ])('refuses links that lead out: %s', async (_name, links) => {
    await commitFiles(work, { 'a/b/file': '1' })
    for (const [path, target] of Object.entries(links)) await symlink(target, join(work, path))
    const commit = await pushed({})
    await expect(host.checkout('beans', commit, never)).rejects.toMatchObject({
      code: 'checkout_refused',
      retryable: false,
      message: expect.stringContaining('leads out'),
    })
    expect(await readdir(join(folder, 'data', 'checkouts'))).toEqual([])
  })

  it('leaves submodules empty and never asks where they are', async () => {
    const gitmodules = '[submodule "sub"]\n\tpath = sub\n\turl = http://127.0.0.1:9/never.git\n'
    await commitFiles(work, { '.gitmodules': gitmodules, a: '1' })
    await git(work, ['update-index', '--add', '--cacheinfo', `160000,${'a'.repeat(40)},sub`])
    await git(work, ['commit', '--quiet', '-m', 'Submodule'])
    const commit = await git(work, ['rev-parse', 'HEAD'])
    await git(work, ['push', '--quiet', 'origin', 'HEAD:refs/heads/main'])
    await using checkout = await host.checkout('beans', commit, never)
    expect(await readdir(join(checkout.folder, 'sub'))).toEqual([])
  })

  it.each(['.git', '.GIT', 'git~1', '.git ', '.g\u200cit', '..', '.'])(
    'refuses a tree with a file named %j',
    async (name) => {
      const blob = await gitInput(work, ['hash-object', '-w', '--stdin'], 'x')
      const commit = await pushedTree(`100644 blob ${blob}\t${name}\n`)
      await expect(host.checkout('beans', commit, never)).rejects.toMatchObject({
        code: 'checkout_refused',
        retryable: false,
      })
    },
  )

  it('refuses a submodule whose address is an option', async () => {
    const evil = '[submodule "x"]\n\tpath = x\n\turl = --upload-pack=touch /proof\n'
    const blob = await gitInput(work, ['hash-object', '-w', '--stdin'], evil)
    const commit = await pushedTree(`100644 blob ${blob}\t.gitmodules\n`)
    await expect(host.checkout('beans', commit, never)).rejects.toMatchObject({
      code: 'checkout_refused',
      message: expect.stringContaining('harmful'),
    })
  })

  it('takes as much as the caps allow and not a byte more', async () => {
    const small = await pushed({ a: 'x'.repeat(1_000), b: 'y'.repeat(1_000) })
    const large = await pushed({ a: 'x'.repeat(1_001) })
    const limited = hostWith({ maxCheckoutBytes: 2_000 })
    await (await limited.checkout('beans', small, never))[Symbol.asyncDispose]()
    await expect(limited.checkout('beans', large, never)).rejects.toMatchObject({
      code: 'checkout_refused',
      message: /2001 bytes/,
    })
    await (await hostWith({ maxFiles: 2 }).checkout('beans', small, never))[Symbol.asyncDispose]()
    await expect(hostWith({ maxFiles: 1 }).checkout('beans', small, never)).rejects.toMatchObject({
      code: 'checkout_refused',
    })
  })

  it('refuses a file that unpacks to far more than was sent', async () => {
    const commit = await pushed({ bomb: Buffer.alloc(40 * 1024 * 1024) })
    await expect(
      hostWith({ maxCheckoutBytes: 8 * 1024 * 1024 }).checkout('beans', commit, never),
    ).rejects.toMatchObject({
      code: 'checkout_refused',
    })
  })

  it('stops a fetch that is over its cap, and can fetch again', async () => {
    const noise = Buffer.from(Array.from({ length: 400_000 }, (_, i) => ((i * 2654435761) >>> 13) & 255))
    const { randomBytes } = await import('node:crypto')
    const large = await pushed({ noise: Buffer.concat([noise, randomBytes(3 * 1024 * 1024)]) })
    const limited = hostWith({ maxFetchBytes: 1024 * 1024 })
    await expect(limited.checkout('beans', large, never)).rejects.toMatchObject({
      code: 'checkout_refused',
      message: expect.stringContaining('larger than'),
    })
    await rm(join(work, 'noise'))
    const small = await pushed({ a: '1' })
    expect(await limited.readFile('beans', small, 'a', never)).toBe('1')
  })

  it('refuses a few trees that name billions of files', async () => {
    const blob = await gitInput(work, ['hash-object', '-w', '--stdin'], 'x')
    let line = (name: string) => `100644 blob ${blob}\t${name}\n`
    for (let depth = 0; depth < 9; depth += 1) {
      const names = Array.from({ length: 10 }, (_, i) => `f${i}`)
      const tree = await gitInput(work, ['mktree'], names.map((name) => line(name)).join(''))
      line = (name) => `040000 tree ${tree}\t${name}\n`
    }
    const commit = await pushedTree(line('top'))
    const limited = hostWith({ maxFiles: 1_000 })
    await expect(limited.checkout('beans', commit, never)).rejects.toMatchObject({ code: 'checkout_refused' })
    await expect(limited.changedPaths('beans', zeros, commit, never)).rejects.toMatchObject({
      code: 'checkout_refused',
    })
  })
})

describe('the address', () => {
  it.each([
    'ext::sh -c touch% /proof',
    'git://127.0.0.1/x.git',
    'ftp://127.0.0.1/x.git',
    '--upload-pack=touch',
    'relative/path',
    'http://example.org/x.git',
    'https://user:hush@example.org/x.git',
    'https://token@example.org/x.git',
    'ssh://-oProxyCommand=x/y',
    'user@-oProxyCommand=x:y',
    'https://example.org/a b',
    '',
  ])('%j is refused at the start', (url) => {
    expect(() => hostWith({}, url)).toThrowError(expect.objectContaining({ code: 'config_invalid' }))
  })

  it.each([
    'https://example.org/x.git',
    'ssh://git@example.org:2222/x.git',
    'git@example.org:acme/x.git',
    '/srv/git/x.git',
    'http://127.0.0.1:8080/x.git',
  ])('%j is taken', (url) => {
    expect(() => hostWith({}, url)).not.toThrow()
  })

  it('over http wants the access token, which is on no command line and in no file or error', async () => {
    const token = 'ghp_a_token_that_must_stay_hidden'
    const server = await createGitHttpServer(folder, token)
    cleanUps.push(() => server.close())
    const commit = await pushed({ a: '1' })
    host = hostWith({}, `${server.url}/beans.git`, token)
    expect(await host.head('beans', 'main', never)).toBe(commit)
    expect(await host.readFile('beans', commit, 'a', never)).toBe('1')
    const files = await readdir(join(folder, 'data'), { recursive: true, withFileTypes: true })
    for (const file of files.filter((entry) => entry.isFile()))
      expect((await readFile(join(file.parentPath, file.name))).includes(token)).toBe(false)

    const wrong = createGitHost({
      folder: join(folder, 'other'),
      repositories: { beans: { url: `${server.url}/beans.git`, accessToken: 'wrong-token-value' } },
    })
    const fault = await wrong.head('beans', 'main', never).catch((error: unknown) => error)
    expect(fault).toMatchObject({ code: 'checkout_failed' })
    expect(JSON.stringify([String(fault), fault])).not.toContain('wrong-token-value')
  })

  it('that never answers is given up, and the next asker gets through', async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    cleanUps.push(async () => {
      silent.closeAllConnections()
      silent.close()
    })
    host = hostWith({ fetchTimeout: 500 }, `http://127.0.0.1:${(silent.address() as AddressInfo).port}/beans.git`)
    const asked = [host.treeDigest('beans', 'a'.repeat(40), never), host.head('beans', 'main', never)]
    for (const { status, reason } of (await Promise.allSettled(asked)) as PromiseRejectedResult[]) {
      expect(status).toBe('rejected')
      expect(reason).toMatchObject({
        code: 'checkout_failed',
        retryable: true,
        message: expect.stringContaining('500 ms'),
      })
    }
  })

  it('is not left for another one that the server names', async () => {
    const target = await createGitHttpServer(folder, 'token')
    const redirecting = await createGitHttpServer(folder, 'token', target.url)
    cleanUps.push(
      () => target.close(),
      () => redirecting.close(),
    )
    await pushed({ a: '1' })
    host = hostWith({}, `${redirecting.url}/beans.git`, 'token')
    await expect(host.head('beans', 'main', never)).rejects.toMatchObject({ code: 'checkout_failed' })
    expect(redirecting.asked).not.toEqual([])
    expect(target.asked).toEqual([])
  })
})
