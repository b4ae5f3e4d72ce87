import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import {
  createWalk,
  goodFiles,
  openWalkDatabase,
  pipelineJson,
  policyYaml,
  type Walk,
  type WalkDatabase,
  winnowYaml,
} from './walk.ts'

let database: WalkDatabase
let walk: Walk
beforeAll(async () => {
  database = await openWalkDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  walk = await createWalk(database)
  walk.fate.next = { accuracy: 0.6 }
})

const push = async (retrain: string, over: Record<string, string> = {}) => {
  const policy = policyYaml(`otherwise: {retrain: ${retrain}}\n`)
  return walk.push(walk.commit('main', { ...goodFiles, 'policies/beans.yaml': policy, ...over }))
}
const follows = async () => (await walk.store.list('verdict')).map((verdict) => verdict.follows)

it('cools down first: the next attempt waits visibly, also for a job that comes early', async () => {
  await push('{attempts: 1, cooldown: 1h}')
  await walk.drain({ until: walk.now() + 60_000 })
  const [change] = await walk.store.list('change')
  const [run] = await walk.store.list('run')
  expect(change).toMatchObject({ state: 'recorded', nextAt: (run?.endedAt ?? 0) + 3_600_000 })
  await walk.handle({ step: 'match', id: change?.id as number, version: change?.version as number })
  expect(await walk.store.list('run')).toHaveLength(1)
  const [waits] = await follows()
  expect(waits).toMatchObject({ kind: 'retrain', attempt: 2, at: change?.nextAt })
  expect(waits?.reason).toMatch(/^it is trained again: attempt 2, not before 1970-/)
  await walk.drain()
  expect((await walk.store.list('run')).map((one) => one.attempt)).toEqual([2, 1])
  expect((await follows())[0]).toEqual({
    kind: 'stopped',
    reason: 'it was trained again once, as often as the policy allows',
  })
})

it('changes a parameter by its expression, from attempt to attempt', async () => {
  await push('{attempts: 2, parameters: {budget: previous * 2}}', {
    'winnow.yaml': winnowYaml({ parameters: '{target: Class, budget: 500}' }),
  })
  await walk.drain()
  expect((await walk.store.list('run')).map((run) => run.parameters['budget'])).toEqual([2000, 1000, 500])
})

it('stops where an expression gives no value, and says which', async () => {
  await push('{attempts: 2, parameters: {budget: previous * 2}}')
  await walk.drain()
  expect(await walk.store.list('run')).toHaveLength(1)
  const [stopped] = await follows()
  expect(stopped?.kind).toBe('stopped')
  expect(stopped?.reason).toMatch(/^retraining stops: budget: `previous \* 2` gives no value: /)
})

it('brakes where the last attempt improved too little', async () => {
  await push('{attempts: 9, brake: {metric: accuracy, improvesBy: 0.05}}')
  const accuracies = [0.6, 0.7, 0.72]
  walk.fate.next = { accuracy: accuracies.shift() as number }
  for (let jobs = 0; jobs < 100; jobs++) {
    if ((await walk.drain({ jobs: 1 })) === 0) break
    const judged = (await walk.store.list('verdict')).filter(({ state }) => state !== 'pending').length
    walk.fate.next = { accuracy: [0.6, 0.7, 0.72][judged] ?? 0.9 }
  }
  expect(await walk.store.list('run')).toHaveLength(3)
  expect((await follows())[0]).toEqual({
    kind: 'stopped',
    reason: 'retraining no longer improves: accuracy went from 0.7000 to 0.7200, 0.05 better is asked',
  })
})

it('spends a budget of the model over all its runs, and no more once it is spent', async () => {
  const retrain = '{attempts: 5, budget: {runs: 3, per: 1d}}'
  await push(retrain)
  await walk.drain()
  await push(retrain, { 'pipelines/beans.json': pipelineJson({ n: 2 }) })
  await walk.drain()
  const causes = (await walk.store.list('change')).map((change) => change.cause.kind)
  expect(causes.filter((kind) => kind === 'retrain')).toHaveLength(3)
  expect((await follows())[0]?.reason).toMatch(/^the budget of 3 retrained runs in 24h 0m is spent until 1970-01-02T/)
  walk.pass(86_400_000)
  await push(retrain, { 'pipelines/beans.json': pipelineJson({ n: 3 }) })
  await walk.drain()
  expect(await walk.store.list('change', { model: 'beans' })).toHaveLength(6)
})

it('counts retrains, not the ids that failed jobs used up', async () => {
  walk.fate.next = { failure: 'exit code 1' }
  await push('{attempts: 1}')
  await walk.drain()
  walk.fate.next = { accuracy: 0.6 }
  await push('{attempts: 1}')
  await walk.drain()
  const states = (await walk.store.list('run')).map((run) => [run.attempt, run.state])
  expect(states).toEqual([
    [3, 'succeeded'],
    [2, 'succeeded'],
    [1, 'failed'],
  ])
})

it.each([
  ['', { kind: 'person', reason: 'it waits for a person: more evidence, `winnow override` or `winnow reject`' }, 1],
  [
    'otherwise: {inconclusive: moreData}\n',
    { kind: 'person', reason: 'it waits for more data, and beans has no data trigger: a person has to look' },
    1,
  ],
  [
    'otherwise: {inconclusive: retrain, retrain: {attempts: 1}}\n',
    { kind: 'stopped', reason: 'it was trained again once, as often as the policy allows' },
    2,
  ],
])(
  'where too little is known and the policy says %j, nothing is released and it says what comes next',
  async (rule, next, runs) => {
    const gate = 'version: 1\nmodel: beans\ngates:\n  good: {metric: accuracy, atLeast: 0.9, confidence: 0.95}\n'
    await walk.push(walk.commit('main', { ...goodFiles, 'policies/beans.yaml': `${gate}${rule}` }))
    await walk.drain()
    expect((await walk.store.list('run')).map(({ state }) => state)).toEqual(Array(runs).fill('succeeded'))
    expect((await follows())[0]).toEqual(next)
    expect(await walk.store.list('release')).toEqual([])
  },
)

it('takes the data of a run that too little is known of into the next batch', async () => {
  const on = '{data: {uri: "file:/data/*.csv", quiet: 5s, maxWait: 60s, into: source}}'
  const gate = 'version: 1\nmodel: beans\ngates:\n  good: {metric: accuracy, atLeast: 0.9, confidence: 0.95}\n'
  walk.commit('main', {
    ...goodFiles,
    'winnow.yaml': winnowYaml({ on }),
    'policies/beans.yaml': `${gate}otherwise: {inconclusive: moreData}\n`,
  })
  const object = (name: string, generation: string) =>
    walk.record({ kind: 'data', uri: `file:/data/${name}`, generation, size: 1, pipeline: 'beans' })
  await object('a.csv', '1')
  await walk.drain()
  const [first] = await walk.store.list('verdict')
  expect(first).toMatchObject({ state: 'inconclusive', follows: { kind: 'moreData' } })
  await object('b.csv', '1')
  await walk.drain()
  const [run] = await walk.store.list('run')
  expect(run?.parameters['source']).toEqual(['file:/data/a.csv', 'file:/data/b.csv'])
  const settled = await walk.get('verdict', first?.id as number)
  expect(settled.follows).toEqual({
    kind: 'stopped',
    reason: `more data came: run ${run?.id} has its data and the new`,
  })
})
