import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../../src/cli/free-port.ts'
import { createPythonEnvironments } from '../../src/processes/python-environments.ts'
import { runProcess, scrubbedEnvironment } from '../../src/processes/run-process.ts'
import { start } from '../cli/winnow.ts'
import { bareRepository, commitFiles, git, workingRepository } from '../hosts/git-repositories.ts'
import { sign } from '../webhooks/recording-server.ts'

// The API as a stranger's generator sees it: schemathesis reads the OpenAPI of a real `winnow serve` and sends what fits it,
// what just does not, and what nobody thinks of. It finds answers of 500, and answers that the document does not know.

const schemathesis = 'schemathesis==4.32.5'
const cache = join(process.env['WINNOW_TEST_CACHE'] ?? join(tmpdir(), 'winnow-test-cache'), 'environments')
const secret = 'a secret of the git server'

let folder: string
let controller: ReturnType<typeof start> | undefined
let url: string
let python: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-schemathesis-'))
  python = (await createPythonEnvironments({ folder: cache }).ensure([schemathesis])).python
  const bare = await bareRepository(join(folder, 'beans.git'))
  const work = await workingRepository(join(folder, 'work'), bare)
  const commit = await commitFiles(work, {
    'winnow.yaml': 'version: 1\npipelines:\n  beans: {ir: p.json, on: {push: {branches: [main]}}}\n',
    'p.json': '{"schemaVersion": "2.1.0", "root": {}}',
  })
  await git(work, ['push', '--quiet', 'origin', 'HEAD:main'])
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const config = join(folder, 'winnow.config.yaml')
  const repository = `{host: git, url: "file://${bare}", secrets: [{env: WINNOW_SECRET_BEANS}], targets: [local]}`
  await writeFile(
    config,
    `version: 1\nlisten: {port: ${port}}\ndataFolder: data\nrepositories:\n  beans: ${repository}\n`,
  )
  controller = start(['serve', '--config', config], { WINNOW_SECRET_BEANS: secret })
  controller.stdout.resume()
  let log = ''
  await new Promise<void>((resolve, reject) => {
    controller?.on('exit', () => reject(new Error(log)))
    controller?.stderr.on('data', (chunk) => {
      log += chunk
      if (log.includes('Winnow is ready')) resolve()
    })
  })
  // So that there is a change, and a run, to ask for.
  const refs = [{ ref: 'refs/heads/main', before: '0'.repeat(40), after: commit }]
  const push = { delivery: 'a-delivery', repository: 'beans', pusher: 'grower', sentAt: '2026-01-01T00:00:00Z', refs }
  const body = JSON.stringify(push)
  const headers = { 'content-type': 'application/json', 'x-winnow-signature-256': sign(secret, body) }
  expect((await fetch(`${url}/webhooks/git`, { method: 'POST', body, headers })).status).toBe(202)
}, 300_000)
afterAll(async () => {
  if (controller?.exitCode === null) {
    const ended = once(controller, 'exit')
    controller.kill('SIGTERM')
    await ended
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}, 60_000)

it('answers whatever is sent as its OpenAPI says, and never with a fault of its own', {
  timeout: 180_000,
}, async () => {
  const token = (await readFile(join(folder, 'data', 'token'), 'utf8')).trim()
  const home = join(folder, 'home')
  await mkdir(home)
  const checks = [
    ...['not_a_server_error', 'status_code_conformance', 'content_type_conformance', 'response_headers_conformance'],
    ...['response_schema_conformance'],
  ]
  const result = await runProcess({
    command: join(dirname(python), 'schemathesis'),
    args: [
      ...['run', `${url}/api/v1/openapi.json`, '--header', `Authorization: Bearer ${token}`],
      ...[
        '--phases',
        'examples,coverage,fuzzing',
        '--max-examples',
        '5',
        '--seed',
        '1',
        '--generation-database',
        'none',
      ],
      ...[
        '--max-time',
        '60',
        '--request-timeout',
        '20',
        '--continue-on-failure',
        '--no-color',
        '--checks',
        checks.join(),
      ],
    ],
    cwd: home,
    env: scrubbedEnvironment({ HOME: home, NO_PROXY: '127.0.0.1' }),
    timeoutMs: 150_000,
  })
  expect(result.stdout).not.toContain('Unresolvable references')
  const tested = Number(/Tested: (\d+)/.exec(result.stdout)?.[1] ?? 0)
  expect(tested).toBeGreaterThan(20)
  expect(Number(/(\d+) generated/.exec(result.stdout)?.[1] ?? 0)).toBeGreaterThan(tested)
  if (result.exitCode !== 0) throw new Error(result.stdout.slice(-8_000) + result.stderr.slice(-2_000))
})
