import Fastify from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { registerApi } from '../../src/api/api.ts'
import { createLog } from '../../src/log.ts'
import { createDecisions } from '../../src/workers/people/decisions.ts'
import { winnow } from '../cli/winnow.ts'
import {
  createWalk,
  goodFiles,
  openWalkDatabase,
  repository,
  type Walk,
  type WalkDatabase,
  winnowYaml,
} from '../walk/walk.ts'

const tokens = { alice: 'a-token-of-alice-0001', watch: 'a-token-of-watch-0001', operator: 'the-token-of-the-api' }
let database: WalkDatabase
let walk: Walk
let url = ''
let main = ''
const server = Fastify({ logger: false, forceCloseConnections: true })

beforeAll(async () => {
  database = await openWalkDatabase()
  walk = await createWalk(database)
  await registerApi(server, {
    ...walk,
    targets: new Map(),
    token: tokens.operator,
    people: [
      { person: { name: 'alice', groups: ['ml-leads'], knownAs: [] }, token: tokens.alice },
      { person: { name: 'watch', groups: ['monitors'], knownAs: [] }, token: tokens.watch },
    ],
    decisions: createDecisions({ ...walk, repositories: [repository] }),
    sources: [],
    refusals: () => ({ since: 0, counts: [] }),
    liveFigures: async () => ({ ok: false, reason: 'nothing serves here' }),
    checkFeedback: async () => ({ ok: false as const, reason: 'nothing is logged here' }),
    version: '0.0.0-test',
    log: createLog('silent'),
    keptPredictions: async () => undefined,
    ready: async () => true,
  })
  url = await server.listen({ host: '127.0.0.1', port: 0 })
  const on = '{push: {branches: [main, "next/*"]}, drift: {environment: dev}}'
  main = walk.commit('main', { ...goodFiles, 'winnow.yaml': winnowYaml({ on }) })
})
afterAll(async () => {
  await server.close()
  await database.close()
})

const as = (who: keyof typeof tokens, args: readonly string[]) =>
  winnow([...args], { WINNOW_URL: url, WINNOW_TOKEN: tokens[who] })
const post = (who: keyof typeof tokens, path: string, payload: object) =>
  server.inject({ method: 'POST', url: `/api/v1${path}`, headers: { authorization: `Bearer ${tokens[who]}` }, payload })
const newestRun = async () => (await walk.store.list('run', {}, 1))[0]

it('runs what a person asks for, with the parameters that they give, and says who asked', async () => {
  const asked = await as('alice', ['trigger', 'beans', '--parameters', '{"budget": 7}'])
  expect(asked.stdout).toMatch(/^change \d+: beans of beans at [0-9a-f]{12}; see `winnow changes \d+`$/m)
  await walk.drain()
  const [change] = await walk.store.list('change', {}, 1)
  expect(change).toMatchObject({ state: 'started', author: 'alice', cause: { kind: 'request', by: 'alice' } })
  expect(change?.reason).toContain('alice asked for it')
  expect(await newestRun()).toMatchObject({
    state: 'succeeded',
    commit: main,
    parameters: { target: 'Class', budget: 7 },
  })
})

it('an equal run is not run again, unless it is asked for afresh', async () => {
  for (const fresh of [[], ['--fresh']]) {
    await as('alice', ['trigger', 'beans', '--parameters', '{"budget": 7}', ...fresh])
    await walk.drain()
    expect((await newestRun())?.state).toBe(fresh.length === 0 ? 'reused' : 'succeeded')
  }
})

it('parameters that the pipeline has not fail the run, and say so', async () => {
  await as('alice', ['trigger', 'beans', '--parameters', '{"bugdet": 7}'])
  await walk.drain()
  expect(await newestRun()).toMatchObject({ state: 'failed', reason: 'the parameters do not fit the pipeline beans' })
})

it('another commit is one of a branch whose pushes start the pipeline', async () => {
  const on = '{push: {branches: [main]}}'
  const next = walk.commit('next/1', { ...goodFiles, 'winnow.yaml': winnowYaml({ on }) })
  const wild = walk.commit('wild', { ...goodFiles, 'winnow.yaml': winnowYaml({ on }) })
  for (const place of [
    ['--branch', 'next/1'],
    ['--commit', next],
  ]) {
    const asked = await as('alice', ['trigger', 'beans', ...place, '--json'])
    expect(JSON.parse(asked.stdout)).toMatchObject({ repository, commit: next })
  }
  const refused = [
    await as('alice', ['trigger', 'beans', '--branch', 'wild']),
    await as('alice', ['trigger', 'beans', '--commit', wild]),
  ]
  expect(refused.map(({ code }) => code)).toEqual([1, 1])
  expect(refused[0]?.stderr).toContain('No push to wild starts beans, so nobody may ask for it there')
  expect(refused[1]?.stderr).toContain('was not pushed to a branch that beans may be asked for')
  // A commit that the branch has left behind was pushed to it once.
  await walk.push(next, { ref: 'refs/heads/next/1' })
  walk.commit('next/1', goodFiles)
  expect((await as('alice', ['trigger', 'beans', '--commit', next])).code).toBe(0)
  await walk.drain()
})

it.each([
  [['trigger', 'bean'], 1, 'beans has no pipeline bean, did you mean beans?'],
  [['trigger', 'beans', '--repository', 'peas'], 1, 'The config names no repository peas'],
  [['trigger', 'beans', '--parameters', '[1]'], 2, '--parameters is no JSON object'],
  [['trigger', 'beans', '--parameters', '{'], 2, '--parameters is no JSON: '],
  [['trigger', 'beans', '--commit', 'abc'], 2, '--commit is no full commit hash: abc'],
  [['pause'], 2, "required option '-r, --reason <text>' not specified"],
  [['pause', '--reason', 'x', '--for', '1y'], 2, '--for is no duration: 1y'],
  [['pause', '--reason', 'x'], 1, 'alice may not pause a pipeline'],
  [['resume'], 1, 'alice may not resume a pipeline'],
])('%j ends with %i and says why', async (args, exitCode, message) => {
  const refused = await as('alice', args)
  expect([refused.code, refused.stdout]).toEqual([exitCode, ''])
  expect(refused.stderr).toContain(message)
})

it('a pipeline is paused and resumed by name, and the lists say so', async () => {
  const paused = await as('operator', ['pause', 'beans', '--reason', 'the audit', '--for', '2h'])
  expect(paused.stdout).toMatch(
    /^beans of beans starts no run until 1970-01-01T0\S+Z; what happens is recorded, and waits$/m,
  )
  await as('alice', ['trigger', 'beans', '--fresh'])
  await walk.drain({ until: walk.now() + 60_000 })
  expect((await as('alice', ['runs', '-n', '1'])).stdout).toContain('paused by operator until')
  expect((await as('alice', ['changes', '-n', '1'])).stdout).toContain('paused by operator until')
  expect((await as('alice', ['pauses'])).stdout).toMatch(/beans +beans +paused +operator .* the audit/)
  expect((await as('operator', ['resume', 'beans'])).stdout).toContain(
    'beans of beans is resumed: 1 run that waited goes on',
  )
  expect((await as('operator', ['resume', 'beans'])).stderr).toContain('beans of beans is not paused')
  await walk.drain()
  expect((await newestRun())?.state).toBe('succeeded')
})

const drift = {
  kind: 'drift',
  environment: 'dev',
  model: 'beans',
  metric: 'psi',
  value: 0.4,
  threshold: 0.2,
  at: 1_000,
}

it('a monitor tells of drift, once for each measurement', async () => {
  const first = await post('watch', '/changes', drift)
  expect([first.statusCode, first.json()]).toEqual([202, { repository, change: expect.any(Number), duplicate: false }])
  expect((await post('watch', '/changes', drift)).json()).toEqual({ ...first.json(), duplicate: true })
  await walk.drain()
  expect(await walk.get('change', first.json().change)).toMatchObject({
    state: 'started',
    sender: 'api',
    author: 'watch',
  })
})

it.each([
  ['alice', drift, 403],
  ['watch', { ...drift, value: 'much' }, 400],
  ['watch', { ...drift, kind: 'push' }, 400],
  ['watch', { ...drift, repository: 'peas' }, 404],
  ['watch', { ...drift, at: -1 }, 400],
  ['watch', { ...drift, unknown: 1 }, 400],
] as const)('%s telling %j gets a %i, and nothing is recorded', async (who, body, status) => {
  const before = await walk.store.countChanges()
  expect((await post(who, '/changes', body)).statusCode).toBe(status)
  expect(await walk.store.countChanges()).toEqual(before)
})
