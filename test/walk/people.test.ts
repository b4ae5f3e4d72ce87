import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { operators, type Person, subjectOf } from '../../src/domain/approval.ts'
import { digestJson } from '../../src/domain/digest.ts'
import type { Receipt } from '../../src/domain/verdict.ts'
import { createDecisions } from '../../src/workers/people/decisions.ts'
import {
  createWalk,
  goodFiles,
  openWalkDatabase,
  pipelineJson,
  policyYaml,
  repository,
  type Walk,
  type WalkDatabase,
  winnowYaml,
} from './walk.ts'

let database: WalkDatabase
let walk: Walk
let decisions: ReturnType<typeof createDecisions>
beforeAll(async () => {
  database = await openWalkDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  walk = await createWalk(database)
  decisions = createDecisions({ ...walk, repositories: [repository] })
})

const person = (name: string, groups: readonly string[] = ['ml-leads'], knownAs: readonly string[] = []): Person => ({
  name,
  groups,
  knownAs,
})
const [alice, bob] = [person('alice'), person('bob')]
const olga = person('olga', [operators])
const operator = person('operator', [operators])
const signal = new AbortController().signal
const say = (who: Person, run: number, decision: 'approve' | 'reject' = 'approve', reason = '') =>
  decisions.speak(run, who, { decision, reason }, signal)

const withRules = (rules: string) => ({ ...goodFiles, 'policies/beans.yaml': `${policyYaml()}${rules}\n` })
const requiring = (rule: string) => withRules(`  signed: {require: ${rule}}`)
const runOf = async (files: Record<string, string>): Promise<number> => {
  await walk.push(walk.commit('main', files))
  await walk.drain({ until: walk.now() + 10 * 60_000 })
  return (await walk.store.list('run', {}, 1))[0]?.id as number
}
const verdictOf = async (run: number) => {
  const [verdict] = await walk.store.list('verdict', { run }, 1)
  if (verdict === undefined) throw new Error(`run ${run} has no verdict`)
  return verdict
}
const releaseOf = async (run: number) => (await walk.store.list('release', { run }, 1))[0]

describe('a gate that requires people', () => {
  it('waits, says for whom, and passes with the same numbers once enough have agreed', async () => {
    const run = await runOf(requiring('{count: 2, from: [ml-leads], notAuthor: true}'))
    const before = await verdictOf(run)
    expect(before.state).toBe('inconclusive')
    expect(before.follows).toEqual({
      kind: 'person',
      reason: 'signed: it waits for 2 approvals of ml-leads, not by somebody',
    })
    await say(alice, run, 'approve', 'looked at the errors')
    await walk.drain()
    expect((await verdictOf(run)).follows?.reason).toBe(
      'signed: it waits for one approval of ml-leads, not by somebody',
    )
    // The same person again is the same person.
    await say(alice, run)
    await walk.drain()
    expect((await verdictOf(run)).state).toBe('inconclusive')
    await say(bob, run)
    await walk.drain()
    const after = await verdictOf(run)
    expect(after.state).toBe('pass')
    expect(after.receipt?.evidence).toEqual(before.receipt?.evidence)
    expect(after.receipt?.gates[1]?.reason).toBe('approved by alice, bob')
    expect((await releaseOf(run))?.state).toBe('live')
    const said = (await walk.store.history('verdict', after.id)).filter(({ by }) => by !== 'winnow')
    expect(said.map(({ by, why }) => [by, why.replace(/[0-9a-f]{16}/, 'DIGEST')])).toEqual([
      ['alice', 'approved DIGEST: looked at the errors'],
      ['alice', 'approved DIGEST'],
      ['bob', 'approved DIGEST'],
    ])
  })

  it('is refused by one who counts and says no, and passes should that one think again', async () => {
    const run = await runOf(requiring('{from: [ml-leads]}'))
    await say(alice, run, 'reject', 'biased')
    await walk.drain()
    expect(await verdictOf(run)).toMatchObject({
      state: 'fail',
      receipt: { reason: 'refused by signed (alice has rejected it: biased)' },
    })
    await say(alice, run)
    await walk.drain()
    expect((await verdictOf(run)).state).toBe('pass')
  })

  it.each([
    [
      'of another group',
      person('carl', ['support']),
      /^carl's word does not count for run \d+: it waits for somebody of ml-leads, not by/,
    ],
    ['who is the author', person('grace', ['ml-leads'], ['somebody']), /^grace's word .* of ml-leads, not by grace$/],
    [
      'who is nobody in particular',
      operator,
      /^operator's word does not count for run \d+: it waits for somebody of ml-leads, operators, not by somebody$/,
    ],
  ])('does not take the word of one %s', async (_name, who, message) => {
    const run = await runOf(
      requiring(
        '{from: [ml-leads, operators], notAuthor: true}'.replace(', operators', who === operator ? ', operators' : ''),
      ),
    )
    await expect(say(who, run)).rejects.toMatchObject({ code: 'forbidden', message: expect.stringMatching(message) })
    expect(await walk.store.list('approval')).toEqual([])
  })

  it('does not count what has expired', async () => {
    const run = await runOf(requiring('{count: 2, validFor: 1h}'))
    await say(alice, run)
    await walk.drain()
    walk.pass(2 * 3_600_000)
    await say(bob, run)
    await walk.drain()
    expect((await verdictOf(run)).follows?.reason).toBe(
      'signed: it waits for one approval; what alice said has expired after 60m 0s'.replace('60m 0s', '1h 0m'),
    )
  })

  it('refuses a word about other digests than those that stand', async () => {
    const run = await runOf(requiring('{count: 1}'))
    const word = { decision: 'approve', reason: '', subject: digestJson('what alice saw yesterday') } as const
    await expect(decisions.speak(run, alice, word, signal)).rejects.toMatchObject({
      code: 'outdated',
      message: expect.stringMatching(/was judged anew since you looked/),
    })
  })

  it('is void where the policy changed: judged again first, and what was said by the old one counts no more', async () => {
    const run = await runOf(requiring('{count: 2}'))
    await say(alice, run)
    await walk.drain()
    walk.commit('main', requiring('{count: 2, from: [ml-leads]}'))
    await expect(say(bob, run)).rejects.toMatchObject({ code: 'outdated' })
    await walk.drain()
    expect((await verdictOf(run)).follows?.reason).toBe('signed: it waits for 2 approvals of ml-leads')
    await say(bob, run)
    await say(alice, run).catch(() => {})
    await walk.drain()
    await say(alice, run).catch(() => {})
    await walk.drain()
    expect((await verdictOf(run)).state).toBe('pass')
  })

  it('is not asked of people where nothing waits for them', async () => {
    const run = await runOf(goodFiles)
    await expect(say(alice, run)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/^Nothing asks for an approval/),
    })
    await expect(say(alice, 4711)).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('an environment', () => {
  const asking = withRules('environments: {dev: {approvals: {count: 1, from: [ml-leads]}}}')

  it('with approvals holds a release until somebody agrees', async () => {
    const run = await runOf(asking)
    expect(await releaseOf(run)).toMatchObject({ state: 'held', reason: 'dev: it waits for one approval of ml-leads' })
    expect(walk.endpoint()).toBeUndefined()
    await say(alice, run)
    await walk.drain()
    expect(await releaseOf(run)).toMatchObject({ state: 'live', reason: 'all traffic goes to the candidate' })
  })

  it('with approvals refuses a release that somebody rejects', async () => {
    const run = await runOf(asking)
    await say(alice, run, 'reject', 'not this week')
    await walk.drain()
    expect(await releaseOf(run)).toMatchObject({ state: 'refused', reason: 'alice has rejected it: not this week' })
  })

  it('judges again what waits there when its policy changes', async () => {
    const run = await runOf(asking)
    await walk.commit('main', { ...asking, 'policies/beans.yaml': policyYaml().replace('0.9', '0.99') })
    walk.pass(3_600_000)
    const held = await releaseOf(run)
    await walk.handle({ step: 'release', id: held?.id as number, version: held?.version as number })
    await walk.drain()
    expect((await verdictOf(run)).state).toBe('fail')
    expect(await releaseOf(run)).toMatchObject({ state: 'superseded', reason: expect.stringContaining('judged again') })
    expect(walk.endpoint()).toBeUndefined()
  })

  it("that is protected takes anybody's word, given by `release`, too", async () => {
    const environments = '  dev: {target: local, endpoint: beans, protected: true}'
    const run = await runOf({ ...goodFiles, 'winnow.yaml': winnowYaml({ environments }) })
    expect((await releaseOf(run))?.reason).toBe('dev: it waits for one approval')
    await decisions.lift({ environment: 'dev' }, bob, signal)
    await walk.drain()
    expect((await releaseOf(run))?.state).toBe('live')
  })

  it('with windows holds a release until one opens, and lets it end after it closed', async () => {
    // The walk's clock starts at 1970-01-01T00:16:40Z, a Thursday.
    const run = await runOf(withRules('environments: {dev: {windows: [{allow: "Thu 09:00-09:01"}]}}'))
    const held = await releaseOf(run)
    const opens = Date.parse('1970-01-01T09:00:00Z')
    expect(held).toMatchObject({
      state: 'held',
      nextAt: opens,
      reason: 'dev takes no release now: its window opens at 1970-01-01T09:00:00.000Z',
    })
    await walk.drain({ until: opens })
    expect((await releaseOf(run))?.state).toBe('registering')
    walk.pass(3_600_000)
    await walk.drain()
    expect((await releaseOf(run))?.state).toBe('live')
  })

  it('that is held takes none, until its time is over or it is released', async () => {
    walk.commit('main', goodFiles)
    await decisions.hold({ environment: 'dev' }, olga, { reason: 'the audit', lasts: 3_600_000 }, signal)
    const run = await runOf(goodFiles)
    expect(await releaseOf(run)).toMatchObject({
      state: 'held',
      reason: expect.stringMatching(/^dev is held by olga until 1970-.*: the audit$/),
    })
    await decisions.hold({ environment: 'dev' }, olga, { reason: 'longer', lasts: null }, signal)
    walk.pass(2 * 3_600_000)
    await walk.drain()
    expect((await releaseOf(run))?.reason).toBe('dev is held by olga: longer')
    await expect(decisions.lift({ environment: 'dev' }, alice, signal)).rejects.toMatchObject({ code: 'forbidden' })
    await decisions.lift({ environment: 'dev' }, olga, signal)
    await walk.drain()
    expect((await releaseOf(run))?.state).toBe('live')
    await expect(decisions.lift({ environment: 'dev' }, olga, signal)).rejects.toMatchObject({ code: 'usage' })
    expect((await walk.store.list('hold')).map(({ state }) => state)).toEqual(['lifted', 'lifted'])
  })

  it('that nobody declares cannot be held', async () => {
    walk.commit('main', goodFiles)
    await expect(
      decisions.hold({ environment: 'pord' }, olga, { reason: '', lasts: null }, signal),
    ).rejects.toMatchObject({ code: 'not_found', remedy: 'It declares dev.' })
  })
})

describe('an override', () => {
  const wish = { environment: 'dev', reason: 'the old one is broken', expiresIn: 3_600_000 }

  it('releases a refused candidate by name, and says so for as long as it serves', async () => {
    walk.fate.next = { accuracy: 0.6 }
    const run = await runOf(goodFiles)
    expect(await releaseOf(run)).toBeUndefined()
    await expect(decisions.override(run, alice, wish, signal)).rejects.toMatchObject({ code: 'forbidden' })
    await decisions.override(run, olga, wish, signal)
    await walk.drain()
    expect(await releaseOf(run)).toMatchObject({
      state: 'live',
      reason: "serving, by olga's override: the old one is broken",
      override: { person: 'olga' },
    })
    expect((await verdictOf(run)).state).toBe('fail')
    const { receipt, id } = await verdictOf(run)
    const [kept] = await walk.store.list('override')
    expect(kept?.subject).toBe(subjectOf(receipt as Receipt))
    expect((await walk.store.history('verdict', id)).at(-1)).toMatchObject({
      by: 'olga',
      why: expect.stringMatching(/^override for dev of [0-9a-f]{16}, until /),
    })
    await expect(decisions.override(run, olga, wish, signal)).rejects.toMatchObject({ code: 'usage' })
  })

  it('goes no further than its environment', async () => {
    const environments =
      '  dev: {target: local, endpoint: beans}\n  prod: {target: local, endpoint: beans-prod, after: dev}'
    walk.fate.next = { accuracy: 0.6 }
    const run = await runOf({ ...goodFiles, 'winnow.yaml': winnowYaml({ environments }) })
    await decisions.override(run, olga, wish, signal)
    await walk.drain()
    expect((await walk.store.list('release')).map(({ environment }) => environment)).toEqual(['dev'])
  })

  it('that expired before its release could begin releases nothing', async () => {
    walk.commit('main', goodFiles)
    await decisions.hold({ environment: 'dev' }, olga, { reason: '', lasts: null }, signal)
    walk.fate.next = { accuracy: 0.6 }
    const run = await runOf(goodFiles)
    await decisions.override(run, olga, wish, signal)
    await walk.drain()
    expect((await releaseOf(run))?.state).toBe('held')
    walk.pass(2 * 3_600_000)
    await decisions.lift({ environment: 'dev' }, olga, signal)
    await walk.drain()
    expect(await releaseOf(run)).toMatchObject({
      state: 'refused',
      reason: expect.stringMatching(/^olga's override expired at /),
    })
    expect(walk.endpoint()).toBeUndefined()
  })

  it('brings an older model back over a newer one', async () => {
    const older = await runOf(goodFiles)
    const newer = await runOf({ ...goodFiles, 'pipelines/beans.json': pipelineJson({ n: 2 }) })
    expect((await releaseOf(newer))?.state).toBe('live')
    await decisions.override(older, olga, wish, signal)
    await walk.drain()
    expect((await walk.store.list('release', { state: 'live' })).map(({ run }) => run)).toEqual([older])
  })
})
