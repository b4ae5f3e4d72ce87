import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { createRecordingServer, type RecordingServer } from './recording-server.ts'

const guide = readFileSync(new URL('../../docs/data-senders.md', import.meta.url), 'utf8')
const blocks = (language: string): readonly string[] =>
  [...guide.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text)

const secrets = {
  WINNOW_SECRET_STORE: 'the-secret-of-the-store',
  WINNOW_SECRET_HARVESTER: 'the secret of the harvester',
}

/** The guide's sources, as the controller reads them. */
const sourcesOfGuide = async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'winnow-guide-')), 'winnow.config.yaml')
  const repository = '{host: git, url: file:///srv/beans.git, secrets: [{env: WINNOW_SECRET_GIT}], targets: [local]}'
  writeFileSync(file, `version: 1\nrepositories:\n  beans: ${repository}\n${blocks('yaml').join('')}`)
  const read = await loadConfig(file, { ...secrets, WINNOW_SECRET_GIT: 'the secret of the git server' })
  return Object.entries(read.config.sources).map(([name, { kind, addresses, repositories, push }]) => ({
    name,
    kind,
    addresses,
    repositories,
    secrets: read.secrets.sources[name]?.signing ?? [],
    ...(push === undefined ? {} : { push }),
  }))
}

const run = (
  script: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ code: number | null; text: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn('bash', ['-euc', script], {
      env: { PATH: process.env['PATH'] ?? '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 20_000,
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        text += chunk
      })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, text }))
  })

describe('the guide for senders of data', () => {
  let server: RecordingServer
  let url = ''
  beforeAll(async () => {
    server = await createRecordingServer([], { sources: await sourcesOfGuide(), clock: Date.now })
    url = await server.app.listen({ host: '127.0.0.1', port: 0 })
  })
  afterAll(() => server.app.close())

  it.each([
    [
      'S3',
      '/webhooks/s3',
      { uri: 's3://acme-beans/incoming/a b.csv', generation: '015a2b496dfdd0416a405ea2ef825190:1024', size: 1_024 },
    ],
    ['CloudEvents', '/webhooks/events', { uri: 'gs://acme-beans/incoming/a.csv', generation: '17', size: 1_024 }],
  ])('has commands for %s that do what it says', async (_what, path, object) => {
    const script = blocks('sh').find((block) => block.includes(path)) ?? ''
    const before = server.changes.length
    const first = await run(script, { ...secrets, WINNOW_URL: url })
    expect(first).toEqual({ code: 0, text: JSON.stringify({ change: before + 1, duplicate: false }) })
    expect(server.changes.at(-1)).toMatchObject({ repository: 'beans', cause: object })
    const again = await run(script, { ...secrets, WINNOW_URL: url })
    expect(JSON.parse(again.text)).toEqual({ change: before + 1, duplicate: true })
    const wrong = { WINNOW_SECRET_STORE: 'a-guess', WINNOW_SECRET_HARVESTER: 'a guess' }
    const forged = await run(script, { ...wrong, WINNOW_URL: url })
    expect(forged.code).toBe(22)
    expect(forged.text).toContain('unauthorised')
  })

  it('names every status that a sender may get', () => {
    const table = guide.slice(guide.indexOf('## What the answers mean'))
    for (const status of [200, 202, 400, 401, 403, 404, 413, 422, 429, 503]) expect(table).toContain(String(status))
  })
})
