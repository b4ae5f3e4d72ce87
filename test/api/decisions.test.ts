import Fastify from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { registerApi } from '../../src/api/api.ts'
import { isJsonObject } from '../../src/domain/json.ts'
import { createLog } from '../../src/log.ts'
import { createDecisions } from '../../src/workers/people/decisions.ts'
import { winnow } from '../cli/winnow.ts'
import {
  createWalk,
  goodFiles,
  openWalkDatabase,
  policyYaml,
  repository,
  type Walk,
  type WalkDatabase,
  winnowYaml,
} from '../walk/walk.ts'

const tokens = { alice: 'a-token-of-alice-0001', carl: 'a-token-of-carl-00001', operator: 'the-token-of-the-api' }
let database: WalkDatabase
let walk: Walk
let url = ''
const server = Fastify({ logger: false, forceCloseConnections: true })

beforeAll(async () => {
  database = await openWalkDatabase()
  walk = await createWalk(database)
  await registerApi(server, {
    liveFigures: async () => ({ ok: false, reason: 'nothing serves here' }),
    checkFeedback: async () => ({ ok: false as const, reason: 'nothing is logged here' }),
    ...walk,
    targets: new Map(),
    token: tokens.operator,
    people: [
      { person: { name: 'alice', groups: ['ml-leads'], knownAs: [] }, token: tokens.alice },
      { person: { name: 'carl', groups: [], knownAs: ['somebody'] }, token: tokens.carl },
    ],
    decisions: createDecisions({ ...walk, repositories: [repository] }),
    sources: [],
    refusals: () => ({ since: 0, counts: [] }),
    version: '0.0.0-test',
    log: createLog('silent'),
    keptPredictions: async () => undefined,
    ready: async () => true,
  })
  url = await server.listen({ host: '127.0.0.1', port: 0 })
  const environments =
    '  dev: {target: local, endpoint: beans}\n  prod: {target: local, endpoint: beans-prod, after: dev}'
  const files = {
    ...goodFiles,
    'winnow.yaml': winnowYaml({ environments }),
    'policies/beans.yaml': `${policyYaml()}  signed: {require: {from: [ml-leads]}}\nenvironments: {prod: {approvals: {from: [ml-leads]}}}\n`,
  }
  await walk.push(walk.commit('main', files))
  await walk.drain()
})
afterAll(async () => {
  await server.close()
  await database.close()
})

const as = (who: keyof typeof tokens, args: readonly string[]) =>
  winnow([...args], { WINNOW_URL: url, WINNOW_TOKEN: tokens[who] })
const shown = async () => (await as('operator', ['run', 'show', '1'])).stdout

it('takes people from the list to the release, each by their own token', async () => {
  expect((await as('carl', ['runs'])).stdout).toContain('signed: it waits for one approval of ml-leads')
  expect(await shown()).toContain('next: signed: it waits for one approval of ml-leads')

  const refused = await as('carl', ['approve', '1'])
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toMatch(
    /carl's word does not count for run 1: it waits for somebody of ml-leads.*\[forbidden\]/,
  )
  expect((await as('operator', ['hold', 'prod', '--for', 'soon'])).stderr).toMatch(
    /--for is no duration: soon \[usage\]/,
  )
  expect((await as('carl', ['hold', 'prod'])).stderr).toMatch(/carl may not hold an environment \[forbidden\]/)
  expect((await as('operator', ['hold', 'prod', '--reason', 'the audit'])).stdout).toMatch(
    /^prod of beans takes no release until `winnow release prod`/,
  )

  const approved = await as('alice', ['approve', '1', '--reason', 'looked at the errors'])
  expect(approved).toMatchObject({ code: 0, stdout: 'run 1 approved: the verdict is given again\n' })
  await walk.drain()
  expect(await shown()).toMatch(
    /alice said yes: looked at the errors\n.*prod: held {2}prod is held by operator: the audit\n.*dev: live/,
  )
  expect((await as('operator', ['runs'])).stdout).toContain('prod is held by operator: the audit')
  expect((await as('carl', ['release', 'prod'])).stderr).toContain('carl may not lift a hold [forbidden]')
  expect((await as('operator', ['release', 'prod'])).stdout).toMatch(
    /^prod: the hold is lifted; release \d+ looks again\n$/,
  )
  await walk.drain()
  // Alice's word was about exactly this candidate, so it is enough for prod, too.
  expect(await shown()).toMatch(/prod: live/)
  expect(await shown()).toMatch(/approved [0-9a-f]{16}: looked at the errors \(alice\)/)
})

it('overrides by name, with a reason and an end, and says so wherever the release is shown', async () => {
  walk.fate.next = { accuracy: 0.5 }
  await walk.push(
    walk.commit('main', {
      ...goodFiles,
      'pipelines/beans.json': '{"schemaVersion":"2.1.0","root":{},"n":9}',
      'winnow.yaml': winnowYaml({ parameters: '{}' }),
    }),
  )
  await walk.drain()
  expect((await as('operator', ['override', '2', '--environment', 'dev'])).code).toBe(2)
  expect((await as('alice', ['override', '2', '-e', 'dev', '-r', 'x'])).stderr).toContain('[forbidden]')
  expect((await as('operator', ['override', '2', '-e', 'pord', '-r', 'x'])).stderr).toContain('It declares dev')
  const made = await as('operator', ['override', '2', '-e', 'dev', '-r', 'the old one is broken', '--expires', '2h'])
  expect(made.stdout).toMatch(/^release \d+ takes run 2 into dev; the override ends 1970-01-/)
  await walk.drain()
  for (const command of [
    ['run', 'show', '2'],
    ['explain', '2'],
  ])
    expect((await as('carl', command)).stdout).toContain("serving, by operator's override: the old one is broken")
})

it.each([
  ['/runs/1/approve', { subject: 'sha256:short' }, 400, 'usage'],
  ['/runs/1/approve', { subject: `sha256:${'0'.repeat(64)}` }, 409, 'outdated'],
  ['/runs/99/approve', {}, 404, 'not_found'],
  ['/runs/1/override', { environment: 'dev', reason: '' }, 400, 'usage'],
  ['/runs/1/override', { environment: 'dev', reason: 'x', expiresIn: 1e12 }, 400, 'usage'],
  ['/environments/dev/hold', { repository: 'peas' }, 404, 'not_found'],
  ['/environments/dev/release', {}, 400, 'usage'],
])('POST %s with %j is refused: %i %s', async (path, payload, status, code) => {
  const headers = { authorization: `Bearer ${tokens.operator}` }
  const response = await server.inject({ method: 'POST', url: `/api/v1${path}`, headers, payload })
  const answer: unknown = response.json()
  expect([response.statusCode, isJsonObject(answer) ? answer['error'] : undefined]).toEqual([
    status,
    expect.objectContaining({ code }),
  ])
})

it("knows nobody by a token that is nobody's", async () => {
  const headers = { authorization: 'Bearer a-token-of-alice-0002' }
  const response = await server.inject({ method: 'POST', url: '/api/v1/runs/1/approve', headers, payload: {} })
  expect(response.statusCode).toBe(401)
})
