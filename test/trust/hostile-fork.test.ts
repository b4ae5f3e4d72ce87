import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { freePort } from '../../src/cli/free-port.ts'
import type { Change } from '../../src/domain/change.ts'
import { findCell } from '../../src/processes/cell.ts'
import { createPythonEnvironments } from '../../src/processes/python-environments.ts'
import { type ControllerProcess, spawnController, until, untilReady } from '../e2e/controller.ts'
import { bareRepository, commitFiles, git, workingRepository } from '../hosts/git-repositories.ts'
import { forkPayload } from '../webhooks/fixtures/github-payloads.ts'
import { sign } from '../webhooks/recording-server.ts'

// A pull request of a stranger's fork, the whole way: a signed webhook, the fork's head in a real git repository, and a
// controller in a process of its own, with secrets around it that the fork's code goes for.

const found = await findCell()
if (!found.found) {
  if (process.env['WINNOW_TEST_SERVICES'] === 'required') throw new Error(found.reason)
  console.warn(`skipped: no fork is tried in a sandbox: ${found.reason}`)
}

const secret = 'the secret of the webhook, which a fork would like to know'
const requirements = ['kfp==2.17.0']
const environmentsFolder = join(process.env['WINNOW_TEST_CACHE'] ?? join(tmpdir(), 'winnow-test-cache'), 'environments')

/** A kfp pipeline of a fork that tries to get at all of these while it is compiled, and prints what worked. */
const thief = (attempts: Readonly<Record<string, string>>): string => `
import os, socket, urllib.request
from kfp import dsl
worked = []
for name, attempt in ${JSON.stringify(Object.entries(attempts))}:
    try:
        exec(attempt)
        worked.append(name)
    except Exception:
        pass
print('worked: ' + (', '.join(worked) or 'nothing'))

@dsl.component
def say(text: str) -> str:
    return text

@dsl.pipeline(name='beans')
def beans(who: str = 'world'):
    say(text=who)
`

const pipelineFiles = {
  'p.py': thief({}),
  'requirements.txt': `${requirements.join('\n')}\n`,
  'policy.yaml': 'version: 1\nmodel: beans\ngates:\n  good: {metric: accuracy, atLeast: 0.9}\n',
  'winnow.yaml': `version: 1
pipelines:
  beans:
    kfp: p.py
    requirements: requirements.txt
    model: beans
    policy: policy.yaml
    on: {pullRequest: {plan: true}}
environments:
  dev: {target: local, endpoint: beans}
`,
}

/** What it wants to be judged by, and to start, and where it wants its packages from. */
const ofTheFork = (port: number) => ({
  'winnow.yaml': pipelineFiles['winnow.yaml'].replace('{pullRequest: {plan: true}}', '{pullRequest: {}, push: {}}'),
  'policy.yaml': 'version: 1\nmodel: beans\ngates:\n  anything: {check: "true"}\n',
  'requirements.txt': `--index-url http://127.0.0.1:${port}/simple\nkfp==2.17.0\n`,
})

let folder: string
let bare: string
let work: string
let port: number
let asked = 0
/** Listens for what the fork sends away, or fetches. */
const listener = createServer((_request, response) => {
  asked += 1
  response.writeHead(404).end()
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-fork-'))
  bare = await bareRepository(join(folder, 'beans.git'))
  work = await workingRepository(join(folder, 'work'), bare)
  await commitFiles(work, pipelineFiles)
  await git(work, ['push', '--quiet', 'origin', 'HEAD:main'])
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  port = (listener.address() as AddressInfo).port
  // Where the environment is not made yet, that is no part of this.
  await createPythonEnvironments({ folder: environmentsFolder }).ensure(requirements)
}, 300_000)
afterAll(async () => {
  listener.close()
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
})

const openController = async (name: string, more: object) => {
  const data = join(folder, name)
  await mkdir(data, { mode: 0o700 })
  await mkdir(environmentsFolder, { recursive: true })
  await symlink(environmentsFolder, join(data, 'python'))
  const [listen, platform] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${listen}`
  const config = {
    version: 1,
    logLevel: 'debug',
    listen: { port: listen },
    dataFolder: data,
    repositories: {
      beans: {
        host: 'github',
        fullName: 'acme/beans',
        url: pathToFileURL(bare).href,
        secrets: [{ env: 'WINNOW_SECRET_FORKS' }],
        targets: ['local'],
        environments: ['dev'],
        ...more,
      },
    },
    platform: { port: platform, containers: 'host' },
  }
  const configFile = join(folder, `${name}.config.yaml`)
  await writeFile(configFile, stringify(config))
  const controller: ControllerProcess = spawnController(configFile, { WINNOW_SECRET_FORKS: secret })
  await untilReady(controller, url)
  const token = (await readFile(join(data, 'token'), 'utf8')).trim()
  const read = async (path: string): Promise<string> =>
    (await fetch(`${url}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } })).text()
  return {
    data,
    token,
    output: controller.output,
    read,
    /** Tells of the fork's commit as its pull request 7, and waits for what becomes of it. */
    request: async (commit: string): Promise<Change> => {
      await git(work, ['push', '--quiet', '--force', 'origin', `${commit}:refs/pull/7/head`])
      const payload = forkPayload('stranger/beans')
      const request = payload['pull_request'] as { head: object }
      const body = JSON.stringify({ ...payload, pull_request: { ...request, head: { ...request.head, sha: commit } } })
      const headers = {
        'content-type': 'application/json',
        'x-github-event': 'pull_request',
        'x-hub-signature-256': sign(secret, body),
      }
      const answer = await fetch(`${url}/webhooks/github`, { method: 'POST', body, headers })
      const { change } = (await answer.json()) as { change: number }
      return until('the outcome of the pull request', async () => {
        const shown = JSON.parse(await read(`/changes/${change}`)) as { change: Change }
        return shown.change.state !== 'recorded' && shown.change
      })
    },
    [Symbol.asyncDispose]: async () => {
      controller.signal('SIGKILL')
      await controller.ended
    },
  }
}

/** What the fork's code goes for. */
const thefts = (data: string): Readonly<Record<string, string>> => ({
  'the token': `assert open(${JSON.stringify(join(data, 'token'))}).read()`,
  'the store': `assert os.listdir(${JSON.stringify(join(data, 'store'))})`,
  'the repository': `open(${JSON.stringify(join(bare, 'HEAD'))}, 'w').write('x')`,
  'the environment': `assert os.environ['WINNOW_SECRET_FORKS']`,
  'the environment of the controller': `assert 'WINNOW_SECRET' in open('/proc/%d/environ' % os.getppid()).read()`,
  'the network': `urllib.request.urlopen('http://127.0.0.1:${port}/', timeout=5)`,
  'the internet': `socket.create_connection(('192.0.2.1', 80), timeout=2)`,
})

const commitOfFork = async (files: Readonly<Record<string, string>>): Promise<string> => {
  await git(work, ['checkout', '--quiet', '--detach', 'origin/main'])
  return commitFiles(work, files, 'Better beans')
}

describe('a pull request of a fork', () => {
  it('is not looked into where the config does not say so', { timeout: 120_000 }, async () => {
    await using controller = await openController('by-default', {})
    const commit = await commitOfFork({ ...ofTheFork(port), 'p.py': thief(thefts(controller.data)) })
    const change = await controller.request(commit)
    expect(change).toMatchObject({ state: 'ignored', cause: { kind: 'pullRequest', fork: true, commit } })
    expect(change.reason).toContain('fork')
    expect(JSON.parse(await controller.read('/runs')).runs).toEqual([])
    expect(asked).toBe(0)
  })

  it.skipIf(!found.found)(
    'is planned in a sandbox: its code gets at nothing, and its policy, triggers and index count for nothing',
    { timeout: 300_000 },
    async () => {
      await using controller = await openController('in-a-sandbox', { forks: 'sandbox' })
      // Packages of its own, from an index of its own, are refused before anything is fetched.
      const elsewhere = await controller.request(await commitOfFork(ofTheFork(port)))
      expect(elsewhere).toMatchObject({ state: 'ignored' })
      expect(elsewhere.reason).toContain('only the packages that the protected branch asks for are installed')

      const { 'requirements.txt': _, ...lies } = ofTheFork(port)
      const commit = await commitOfFork({ ...lies, 'p.py': thief(thefts(controller.data)) })
      const planned = await controller.request(commit)
      expect(planned).toMatchObject({ state: 'started', faults: [] })
      const run = await until('the plan', async () => {
        const text = await controller.read('/runs/1')
        return (JSON.parse(text) as { run: { state: string } }).run.state !== 'wanted' && text
      })
      expect(JSON.parse(run).run).toMatchObject({ mode: 'plan', state: 'planned', jobId: null })
      expect((JSON.parse(run) as { build: { log: string } }).build.log).toContain('worked: nothing\n')
      expect(asked).toBe(0)
      expect(await readdir(join(controller.data, 'platform', 'jobs')).catch(() => [])).toEqual([])
      for (const text of [controller.output(), run])
        for (const one of [secret, controller.token]) expect(text).not.toContain(one)
    },
  )
})
