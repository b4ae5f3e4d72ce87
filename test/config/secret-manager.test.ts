import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createSecretManager } from '../../src/adapters/google/secret-manager.ts'
import { loadConfig } from '../../src/config.ts'
import { isFault } from '../../src/domain/errors.ts'

/** What Secret Manager's REST API answers, by the name of the version. */
type Answer = (response: ServerResponse) => void
const holding =
  (value: string): Answer =>
  (response) =>
    response.end(
      JSON.stringify({ name: 'x', payload: { data: Buffer.from(value).toString('base64'), dataCrc32c: '1' } }),
    )
const failing =
  (status: number): Answer =>
  (response) =>
    response
      .writeHead(status)
      .end(JSON.stringify({ error: { code: status, message: 'the server says: top-secret-words' } }))

const answers = new Map<string, Answer>()
const asked: string[] = []
const server = createServer((request: IncomingMessage, response) => {
  asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? 'no token'}`)
  const name = /^\/v1\/(.*):access$/.exec(request.url ?? '')?.[1] ?? ''
  ;(answers.get(name) ?? failing(404))(response)
})

let folder: string
let url: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-secret-manager-'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.close()
  server.closeAllConnections()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => {
  answers.clear()
  asked.length = 0
})

const versionOf = (secret: string, version = '1') => `projects/acme/secrets/${secret}/versions/${version}`
const load = async (repository: string, at = url, environment: Record<string, string> = {}) => {
  const file = join(folder, 'winnow.config.yaml')
  const text = `version: 1
google: {secretManagerUrl: "${at}"}
repositories:
  beans:
    host: git
    url: file:///srv/beans.git
    targets: [local]
${repository}
`
  await writeFile(file, text)
  return loadConfig(file, environment)
}
const detailsOf = async (repository: string, at?: string): Promise<readonly string[]> => {
  const fault = await load(repository, at).catch((error: unknown) => error)
  if (!isFault(fault, 'config_invalid')) throw new Error('the config was taken')
  return fault.details.map((line) => line.replace(folder, ''))
}

it('reads secrets at the start, each once, and two live ones while one is rotated', async () => {
  answers.set(versionOf('hook', 'latest'), holding('the new secret\n'))
  answers.set(versionOf('token'), holding('a token'))
  const repository = `    secrets: [{secretManager: ${versionOf('hook', 'latest')}}, {env: WINNOW_SECRET_OLD}]
    accessToken: {secretManager: ${versionOf('token')}}`
  const { config, secrets } = await load(repository, url, { WINNOW_SECRET_OLD: 'the old secret' })
  expect(secrets.webhooks).toEqual({ beans: ['the new secret', 'the old secret'] })
  expect(secrets.accessTokens).toEqual({ beans: 'a token' })
  expect(JSON.stringify(config)).not.toMatch(/new secret|a token/)
  // An emulator is given no credentials of this machine.
  expect(asked.sort()).toEqual([
    `GET /v1/${versionOf('hook', 'latest')}:access no token`,
    `GET /v1/${versionOf('token')}:access no token`,
  ])
})

it('says of all that cannot be had where each stands and what to do, in no word of the server', async () => {
  answers.set(versionOf('hook'), failing(403))
  answers.set(versionOf('empty'), holding(' \n'))
  const details =
    await detailsOf(`    secrets: [{secretManager: ${versionOf('hook')}}, {secretManager: ${versionOf('none')}}]
    accessToken: {secretManager: ${versionOf('empty')}}`)
  expect(details).toEqual([
    `/winnow.config.yaml:8:15: repositories.beans.secrets[0]: ${versionOf('hook')} is not given to us: grant this service account roles/secretmanager.secretAccessor on it`,
    `/winnow.config.yaml:8:71: repositories.beans.secrets[1]: ${versionOf('none')} is not there: no such project, secret or version`,
    `/winnow.config.yaml:9:18: repositories.beans.accessToken: ${versionOf('empty')} holds no secret`,
  ])
})

it.each<readonly [string, Answer, RegExp]>([
  ['destroyed', failing(400), /the version is disabled or destroyed/],
  ['a server that fails', failing(500), /answered 500/],
  ['no JSON', (response) => response.end('<html>'), /is no secret$/],
  ['another shape', (response) => response.end('{"payload": {"data": 7}}'), /is no secret$/],
  [
    'an answer that leads elsewhere',
    (response) => response.writeHead(302, { location: '/x' }).end(),
    /cannot be reached/,
  ],
  ['a broken connection', (response) => response.destroy(), /cannot be reached/],
])('%s is a fault with its place', async (_what, answer, message) => {
  answers.set(versionOf('hook'), answer)
  const [fault = '', ...more] = await detailsOf(`    secrets: [{secretManager: ${versionOf('hook')}}]`)
  expect(more).toEqual([])
  expect(fault).toMatch(/^\/winnow\.config\.yaml:8:15: repositories\.beans\.secrets\[0\]: projects\/acme/)
  expect(fault).toMatch(message)
})

it('waits for no answer for ever', async () => {
  answers.set(versionOf('hook'), () => {})
  await expect(createSecretManager(url, 100)(versionOf('hook'))).rejects.toThrow(/^cannot be read: .* does not answer$/)
})

it('refuses names that are none, and addresses that a token must not be sent to', async () => {
  expect((await detailsOf('    secrets: [{secretManager: hook}]')).join()).toContain('projects/P/secrets/S/versions/V')
  const details = await detailsOf(`    secrets: [{secretManager: ${versionOf('hook')}}]`, 'http://example.com')
  expect(details.join()).toContain('an address with https:, or of this machine')
  expect(asked).toEqual([])
})
