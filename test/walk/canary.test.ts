import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import {
  createWalk,
  goodFiles,
  openWalkDatabase,
  pipelineJson,
  policyYaml,
  type Walk,
  type WalkDatabase,
} from './walk.ts'

let database: WalkDatabase
let walk: Walk
beforeAll(async () => {
  database = await openWalkDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  walk = await createWalk(database)
})

const minute = 60_000
const rules = `otherwise: {inconclusive: canary}
environments:
  dev: {rollout: [{traffic: 5, hold: 10m, longest: 20m, gates: [healthy]}, {traffic: 100}]}
`
const withPolicy = (gates: string) => ({ ...goodFiles, 'policies/beans.yaml': `${policyYaml()}${gates}${rules}` })
const releaseOf = async (run: number) => (await walk.store.list('release', { run }, 1))[0]
const newest = async () => {
  const [run] = await walk.store.list('run', {}, 1)
  const [verdict] = await walk.store.list('verdict', { run: run?.id ?? 0 }, 1)
  return { run: run?.id as number, verdict }
}

it('a candidate of which too little is known has a part of the traffic until labels tell, and goes on or back by them', async () => {
  await walk.push(walk.commit('main', withPolicy('')))
  await walk.drain()
  const first = await releaseOf((await newest()).run)
  expect(first?.state).toBe('live')
  walk.state.requests = (_endpoint, since) => ({
    ok: true,
    requests: (walk.endpoint()?.deployed ?? []).flatMap(({ id }) =>
      Array.from({ length: 100 }, (_, i) => ({
        ...{ id: `${id}-${i}`, at: since, deployedModel: id, ok: true, latency: 1, predictions: ['SIRA'] },
      })),
    ),
  })

  // A number that was stated has no interval: how sure it is, nothing tells.
  const files = withPolicy('  surely: {metric: accuracy, atLeast: 0.9, confidence: 0.95}\n')
  await walk.push(walk.commit('main', { ...files, 'pipelines/beans.json': pipelineJson({ another: true }) }))
  await walk.drain({ until: walk.now() + 5 * minute })
  const { run, verdict } = await newest()
  expect(verdict).toMatchObject({
    state: 'inconclusive',
    follows: { kind: 'canary', reason: 'a canary in dev asks surely again, live' },
  })
  const release = await releaseOf(run)
  expect(release).toMatchObject({ state: 'holding', canary: true })
  const own = release?.deployedModel as string
  expect(walk.endpoint()?.split).toEqual({ [own]: 5, [first?.deployedModel as string]: 95 })

  const labels = Array.from({ length: 100 }, (_, i) => ({ request: `${own}-${i}`, labels: ['SIRA'] }))
  await walk.store.recordFeedback({ target: 'local', endpoint: release?.endpoint as string }, labels, walk.now())
  await walk.drain()
  expect(await releaseOf(run)).toMatchObject({ state: 'live', canary: true })
  expect(walk.endpoint()?.split).toEqual({ [own]: 100 })
})
