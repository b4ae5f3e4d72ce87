import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { openPool } from '../../src/adapters/store/open-pool.ts'
import { type App, createApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { messageOf } from '../../src/domain/errors.ts'
import { createLog } from '../../src/log.ts'
import { bareRepository, commitFiles, git, workingRepository } from '../hosts/git-repositories.ts'
import { sign } from '../webhooks/recording-server.ts'

// Every secret that the config names, and every place that something is written to: after a walk full of faults none of
// them is found in any of these, nor in base64, nor in hex, nor as a URL would have it.

const seed = Number(process.env['WINNOW_TEST_SEED'] ?? 20_261)
/** Secrets of any letters: quotes, slashes, blanks, brackets, those of other scripts. */
const odd: readonly string[] = fc.sample(
  fc
    .string({
      unit: fc.oneof(
        fc.constantFrom(...'"\'\\/%$&<>{}[]:@?#=+ \t'),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
      ),
      minLength: 12,
      maxLength: 40,
    })
    .filter((text) => text === text.trim() && text.isWellFormed() && !text.includes('\0')),
  { numRuns: 12, seed },
)

const distinctive = (name: string): string => `${name}+${randomBytes(18).toString('base64')}/x`
const secrets = {
  WINNOW_SECRET_HOOK: distinctive('hook'),
  WINNOW_SECRET_OLD: distinctive('old'),
  WINNOW_SECRET_TOKEN: distinctive('token'),
  WINNOW_SECRET_ALICE: distinctive('alice'),
  WINNOW_SECRET_EVENTS: distinctive('events'),
  WINNOW_SECRET_KEY_ID: distinctive('keyid'),
  WINNOW_SECRET_KEY: distinctive('key'),
}
const oddSecrets: Readonly<Record<string, string>> = Object.fromEntries(
  odd.map((secret, i) => [`WINNOW_SECRET_ODD_${i}`, secret]),
)

/** Each way that a text could stand somewhere, also inside of a longer one that was encoded whole. */
const waysToWrite = (secret: string): readonly string[] => {
  const base64 = [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]).toString('base64')
    return encoded.slice(shift === 0 ? 0 : 4, -4)
  })
  const json = JSON.stringify(secret).slice(1, -1)
  const jsonInJson = JSON.stringify(json).slice(1, -1)
  return [secret, json, jsonInJson, encodeURIComponent(secret), Buffer.from(secret).toString('hex'), ...base64]
}
const found = (text: string, all: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(all).flatMap(([name, secret]) => (waysToWrite(secret).some((way) => text.includes(way)) ? [name] : []))

let folder: string
let data: string
let app: App | undefined
const logged: string[] = []
const answered: string[] = []
/** A git server that refuses, and says back all that it was told. */
const told: string[] = []
const echo = createServer((request, response) => {
  told.push(Buffer.from(request.headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString())
  const said = JSON.stringify(request.headers)
  response.writeHead(request.headers.authorization === undefined ? 401 : 403, {
    'www-authenticate': 'Basic realm="git"',
    'x-echo': said,
  })
  response.end(`fatal: you said ${said}`)
})

beforeAll(async () => {
  Object.assign(process.env, secrets, oddSecrets)
  folder = await mkdtemp(join(tmpdir(), 'winnow-sinks-'))
  data = join(folder, 'data')
  const environments = join(process.env['WINNOW_TEST_CACHE'] ?? join(tmpdir(), 'winnow-test-cache'), 'environments')
  await mkdir(environments, { recursive: true })
  await mkdir(data, { mode: 0o700 })
  await symlink(environments, join(data, 'python'))
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await app?.close()
  for (const name of Object.keys({ ...secrets, ...oddSecrets })) delete process.env[name]
  echo.close()
  echo.closeAllConnections()
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}, 60_000)

const hostile = `
import os, sys
print(dict(os.environ))
for pid in [os.getppid(), 1] + [int(name) for name in os.listdir('/proc') if name.isdigit()]:
    try:
        print(open(f'/proc/{pid}/environ').read())
    except Exception as fault:
        print(fault)
raise RuntimeError(str(dict(os.environ)))
`

const ask = async (url: string, init: RequestInit = {}): Promise<unknown> => {
  const response = await fetch(url, init)
  const text = await response.text()
  answered.push(JSON.stringify([...response.headers]) + text)
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

it(`no secret is in any log line, row, job, answer or file (seed ${seed})`, { timeout: 240_000 }, async () => {
  const bare = await bareRepository(join(folder, 'hostile.git'))
  const work = await workingRepository(join(folder, 'work'), bare)
  const commit = await commitFiles(work, {
    'winnow.yaml': 'version: 1\npipelines:\n  hostile: {kfp: p.py, on: {push: {branches: [main]}}}\n',
    'p.py': hostile,
  })
  await git(work, ['push', '--quiet', 'origin', 'HEAD:main'])
  const file = join(folder, 'winnow.config.yaml')
  const reference = (name: keyof typeof secrets) => ({ env: name })
  const repository = (url: string, more = {}) => ({
    host: 'git',
    url,
    secrets: [reference('WINNOW_SECRET_HOOK'), reference('WINNOW_SECRET_OLD')],
    targets: ['local'],
    ...more,
  })
  const config = {
    version: 1,
    logLevel: 'debug',
    listen: { port: 0 },
    dataFolder: data,
    repositories: {
      hostile: repository(`file://${bare}`),
      private: repository(`http://127.0.0.1:${(echo.address() as AddressInfo).port}/private.git`, {
        accessToken: reference('WINNOW_SECRET_TOKEN'),
        poll: '10s',
      }),
      // Each an odd one to sign with, and the next one to fetch with.
      ...Object.fromEntries(
        odd.map((_, i) => [
          `odd-${i}`,
          {
            host: 'git',
            url: `http://127.0.0.1:${(echo.address() as AddressInfo).port}/odd-${i}.git`,
            secrets: [{ env: `WINNOW_SECRET_ODD_${i}` }],
            accessToken: { env: `WINNOW_SECRET_ODD_${(i + 1) % odd.length}` },
            targets: ['local'],
          },
        ]),
      ),
    },
    sources: {
      bucket: {
        kind: 's3',
        addresses: ['s3://acme-beans/'],
        repositories: ['hostile'],
        secrets: [reference('WINNOW_SECRET_EVENTS')],
        credentials: {
          accessKeyId: reference('WINNOW_SECRET_KEY_ID'),
          secretAccessKey: reference('WINNOW_SECRET_KEY'),
        },
      },
    },
    people: { alice: { groups: ['operators'], token: reference('WINNOW_SECRET_ALICE') } },
  }
  await writeFile(file, stringify(config))
  const read = await loadConfig(file, { ...secrets, ...oddSecrets })
  app = await createApp(read.config, read.secrets, createLog('debug', { write: (line) => void logged.push(line) }))
  const url = app.url as string

  const push = (name: string, secret: string, over: Record<string, unknown> = {}) => {
    const refs = [{ ref: 'refs/heads/main', before: '0'.repeat(40), after: commit }]
    const sentAt = '2026-01-01T00:00:00Z'
    const body = JSON.stringify({ delivery: `of-${name}-1`, repository: name, pusher: 'grower', sentAt, refs, ...over })
    const headers = { 'content-type': 'application/json', 'x-winnow-signature-256': sign(secret, body) }
    return ask(`${url}/webhooks/git`, { method: 'POST', body, headers })
  }
  // Right and wrong signatures, wrong shapes, a repository that nobody knows, a secret sent as if it were a signature.
  await push('hostile', secrets.WINNOW_SECRET_HOOK)
  await push('private', secrets.WINNOW_SECRET_OLD)
  await push('hostile', 'a guess')
  await push('hostile', secrets.WINNOW_SECRET_HOOK, { refs: secrets.WINNOW_SECRET_HOOK.length })
  await push('unknown', secrets.WINNOW_SECRET_HOOK)
  for (const [i, secret] of odd.entries()) {
    await push(`odd-${i}`, secret)
    await push(`odd-${i}`, odd[(i + 1) % odd.length] as string)
    await push(`odd-${i}`, secret, { refs: 'none' })
  }
  for (const path of ['git', 'github', 'gitlab', 's3', 'events', 'pubsub'])
    for (const header of ['authorization', 'x-winnow-signature-256', 'x-gitlab-token', 'webhook-signature'])
      await ask(`${url}/webhooks/${path}`, {
        method: 'POST',
        body: '{}',
        headers: { [header]: `Bearer ${secrets.WINNOW_SECRET_EVENTS}`, 'content-type': 'application/json' },
      })

  const token = (await readFile(join(data, 'token'), 'utf8')).trim()
  const as = (bearer: string) => ({ headers: { authorization: `Bearer ${bearer}` } })
  const paths = [
    'changes',
    'runs',
    'runs/1',
    'runs/1/explain',
    'models',
    'endpoints',
    'releases',
    'refusals',
    'openapi.json',
  ]
  const isDone = async (): Promise<boolean> => {
    const { runs = [] } = ((await ask(`${url}/api/v1/runs`, as(token))) ?? {}) as { runs?: { state: string }[] }
    const allTold = odd.every((secret) => told.includes(`x-access-token:${secret}`))
    return allTold && runs.some(({ state }) => state === 'failed') && logged.some((line) => line.includes('private'))
  }
  const until = Date.now() + 180_000
  while (!(await isDone()) && Date.now() < until) await pause(500)
  for (const path of paths)
    for (const bearer of [token, secrets.WINNOW_SECRET_ALICE, secrets.WINNOW_SECRET_HOOK, 'a guess'])
      await ask(`${url}/api/v1/${path}`, as(bearer))
  await ask(`${url}/api/v1/pauses`, { method: 'POST', ...as(secrets.WINNOW_SECRET_ALICE), body: 'not json' })
  await app.close()
  app = undefined

  // It has to have been tried: the stranger's code ran and printed, the git server was told the token.
  const rows = await dump()
  expect(rows).toContain('RuntimeError')
  for (const secret of [secrets.WINNOW_SECRET_TOKEN, ...odd]) expect(told).toContain(`x-access-token:${secret}`)

  const all = { ...secrets, ...oddSecrets, token }
  expect(found(logged.join(''), all)).toEqual([])
  expect(found(answered.join(''), all)).toEqual([])
  expect(found(rows, all)).toEqual([])
  expect(await filesWith(all)).toEqual([])
})

/** Each row of each table, those of the queue too. */
const dump = async (): Promise<string> => {
  const pool = await openPool({ folder: join(data, 'store') })
  try {
    const tables = await pool.query(
      `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
       where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
    )
    const texts: string[] = []
    for (const { name } of tables.rows as { name: string }[])
      for (const { row } of (await pool.query(`select to_jsonb(t)::text as row from ${name} t`)).rows as {
        row: string
      }[])
        texts.push(row)
    return texts.join('\n')
  } finally {
    await pool.end()
  }
}

/** Files of the data folder, except the one that is there to hold a secret. */
const filesWith = async (all: Readonly<Record<string, string>>): Promise<readonly string[]> => {
  const hits: string[] = []
  for (const entry of await readdir(data, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile() || path === join(data, 'token') || path.startsWith(join(data, 'python'))) continue
    if ((await stat(path)).size > 50_000_000) continue
    const names = found(await readFile(path, 'latin1'), all)
    if (names.length > 0) hits.push(`${path.slice(data.length)}: ${names.join()}`)
  }
  return hits
}

it('a start that fails names no secret', async () => {
  const password = distinctive('password')
  const databaseUrl = `postgres://winnow:${encodeURIComponent(password)}@127.0.0.1:9/winnow`
  const file = join(folder, 'other.config.yaml')
  await writeFile(file, `version: 1\ndataFolder: ${join(folder, 'other')}\nrepositories: {}\n`)
  const { config, secrets: read } = await loadConfig(file, { DATABASE_URL: databaseUrl })
  const lines: string[] = []
  const fault = await createApp(config, read, createLog('debug', { write: (line) => void lines.push(line) })).then(
    () => new Error('it started'),
    (error: unknown) => error,
  )
  const said = [messageOf(fault), JSON.stringify(fault), String((fault as Error).stack), ...lines].join('\n')
  expect(said).toContain('store')
  expect(found(said, { password })).toEqual([])
})
