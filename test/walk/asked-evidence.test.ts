import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { operators } from '../../src/domain/approval.ts'
import type { ScoreRequest } from '../../src/domain/ports/models.ts'
import { createDecisions } from '../../src/workers/people/decisions.ts'
import { createWalk, goodFiles, openWalkDatabase, pipelineJson, repository, type WalkDatabase } from './walk.ts'

// Evidence over a target that fails: what is asked for twice, what becomes of a batch that ends badly, what is kept.

let database: WalkDatabase
let table: string
beforeAll(async () => {
  database = await openWalkDatabase()
  table = join(database.folder, 'test.csv')
  await writeFile(table, `x,y\n${examples.map(({ x, y }) => `${x},${y}`).join('\n')}\n`)
})
afterAll(() => database.close())

const examples = Array.from({ length: 40 }, (_, i) => ({ x: String(i), y: i % 2 === 0 ? 'a' : 'b' }))

/** A file of answers of which the first so many are wrong, in an order of its own. */
const answers = async (name: string, wrong: number, rows = examples): Promise<string> => {
  const lines = rows.map((instance, i) => {
    const right = i >= wrong ? 0.9 : 0.1
    const scores = instance.y === 'a' ? [right, 1 - right] : [1 - right, right]
    return JSON.stringify({ instance, prediction: { classes: ['a', 'b'], scores } })
  })
  const path = join(database.folder, name)
  await writeFile(path, `${lines.toReversed().join('\n')}\n`)
  return path
}

const scene = async (gates: string, options: Parameters<typeof createWalk>[1] = {}) => {
  const walk = await createWalk(database, options)
  walk.state.tables = [{ role: 'test', uri: table, label: 'y', task: 'split', declared: true }]
  let pushed = 0
  const push = async () => {
    const policy = `version: 1\nmodel: beans\ngates:\n${gates}`
    const pipeline = pipelineJson({ pipelineInfo: { name: `beans-${++pushed}` } })
    await walk.push(
      walk.commit('main', { ...goodFiles, 'policies/beans.yaml': policy, 'pipelines/beans.json': pipeline }),
    )
    await walk.drain()
    const [verdict] = await walk.store.list('verdict', {}, 1)
    return { verdict, receipt: verdict?.receipt }
  }
  return { ...walk, push, ofChampion: ({ model }: ScoreRequest) => model.model === 'models/beans' }
}

const good = '  good enough: {metric: accuracy, atLeast: 0.5}\n'
const compared = `${good}  near champion: {metric: accuracy, against: champion, atLeast: 0}\n`

describe('answers that are asked for', () => {
  it('are of the same rows, in whatever order they come, and a batch is started once', async () => {
    let lost = 3
    const inject = (method: string) => (method === 'score' && lost-- > 0 ? 'lostAnswer' : 'fine')
    const walk = await scene(compared, { inject })
    const better = await answers('better.jsonl', 2)
    const worse = await answers('worse.jsonl', 5, examples.toReversed())
    // Nothing is live: the comparison is skipped, and the champion is not asked.
    walk.state.answers = () => ({ uri: better })
    const first = await walk.push()
    expect(first.receipt?.gates.map(({ outcome }) => outcome)).toEqual(['pass', 'skipped'])
    expect(first.verdict?.state).toBe('pass')

    walk.state.answers = (request) => ({ uri: walk.ofChampion(request) ? worse : better })
    const started = walk.state.batches.size
    const second = await walk.push()
    expect(second.receipt?.gates[1]?.checks[0]).toMatchObject({
      examples: 40,
      change: { candidate: 0.95, reference: 0.875 },
      outcome: 'pass',
    })
    expect(lost).toBeLessThan(0)
    expect(walk.state.batches.size - started).toBe(2)
    const batches = [...walk.state.batches.values()].map(({ request }) => request)
    expect(batches.at(-1)).toMatchObject({ uri: table, format: 'csv', without: ['y'] })
  })

  it('leave the comparison open where the champion cannot be asked, or was asked something else', async () => {
    const walk = await scene(compared)
    const better = await answers('better.jsonl', 2)
    walk.state.answers = () => ({ uri: better })
    await walk.push()
    walk.state.answers = (request) => (walk.ofChampion(request) ? { reason: 'out of quota' } : { uri: better })
    const refused = await walk.push()
    expect(refused.receipt?.gates[1]).toMatchObject({
      outcome: 'inconclusive',
      reason: expect.stringMatching(/cannot be compared with champion: batches\/winnow-score-\w+ failed: out of quota/),
    })
    const fewer = await answers('fewer.jsonl', 2, examples.slice(1))
    walk.state.answers = (request) => ({ uri: walk.ofChampion(request) ? fewer : better })
    const unlike = await walk.push()
    expect(unlike.receipt?.gates[1]).toMatchObject({
      outcome: 'inconclusive',
      reason: expect.stringContaining('one has 40 examples and the other 39'),
    })
  })

  it('that cannot be read end no verdict: the gate says what it lacks', async () => {
    const walk = await scene(`${good}  by y: {metric: accuracy, slices: y, atLeast: 0.5}\n`)
    const broken = join(database.folder, 'broken.jsonl')
    await writeFile(broken, '{"instance": {"x": 1, "y": "a"}, "prediction": {"classes": ["a"]}}\n')
    walk.state.answers = () => ({ uri: broken })
    const { verdict, receipt } = await walk.push()
    expect(verdict?.state).toBe('inconclusive')
    expect(receipt?.evidence.sources.at(-1)?.note).toMatch(/broken\.jsonl:1: expected \{"classes", "scores"\}/)
  })
})

describe('what is measured', () => {
  it('is the same when somebody agrees to it, and is not measured again', async () => {
    const walk = await scene('  quick: {metric: latency.p99, atMost: 50ms}\n  signed: {require: {count: 1}}\n')
    const before = await walk.push()
    expect(before.verdict?.state).toBe('inconclusive')
    expect(before.receipt?.evidence.metrics).toMatchObject({ 'latency.p50': 2, 'latency.p99': 4, throughput: 400 })
    const decisions = createDecisions({ ...walk, repositories: [repository] })
    const alice = { name: 'alice', groups: [operators], knownAs: [] }
    const speech = { decision: 'approve', reason: '' } as const
    await decisions.speak(before.verdict?.run as number, alice, speech, new AbortController().signal)
    walk.state.measurement = { latencies: Float64Array.of(900), asked: 1, lasted: 900, problem: null }
    await walk.drain()
    const [after] = await walk.store.list('verdict', {}, 1)
    expect(after?.state).toBe('pass')
    expect(after?.receipt?.evidence).toEqual(before.receipt?.evidence)
    expect(walk.state.calls.filter((method) => method === 'measureServing')).toHaveLength(1)
  })
})
