import fc from 'fast-check'
import { expect, it } from 'vitest'
import { operators, type Person, subjectOf } from '../../src/domain/approval.ts'
import { digestBytes, digestJson } from '../../src/domain/digest.ts'
import { isFault } from '../../src/domain/errors.ts'
import type { Json } from '../../src/domain/json.ts'
import { StaleRow } from '../../src/domain/ports/store.ts'
import { type Release, releaseActive } from '../../src/domain/release.ts'
import { nextVerdict, type Outcome } from '../../src/domain/verdict.ts'
import { createJudging } from '../../src/judging/judging.ts'
import { createLog } from '../../src/log.ts'
import { supersedeWaiting } from '../../src/workers/judge/follow-verdict.ts'
import { createDecisions } from '../../src/workers/people/decisions.ts'
import { deliver } from '../../src/workers/release/deliver.ts'
import { createReleaseStep } from '../../src/workers/release/release.ts'
import { createFakeHost } from '../fakes/fake-host.ts'
import { createFakeStore } from '../fakes/fake-store.ts'
import { createFakeTarget } from '../fakes/fake-target.ts'
import { someCandidate, someReceipt, someRun } from '../fakes/rows.ts'
import { someChange, someVerdict } from '../store/rows.ts'

// Judging is replaced by outcomes that the script chooses; all that follows a verdict is the real thing. What must hold
// when a release begins is worked out here anew, from what the script did, and not by the code under test.

const hour = 3_600_000
const people: Readonly<Record<string, Person>> = {
  alice: { name: 'alice', groups: ['ml-leads'], knownAs: [] },
  bob: { name: 'bob', groups: ['ml-leads'], knownAs: ['grace'] },
  carl: { name: 'carl', groups: [], knownAs: [] },
  olga: { name: 'olga', groups: [operators], knownAs: [] },
}
const environment = { name: 'dev', target: 'local', endpoint: 'beans', after: null, protected: false }
const policyText = (edition: number): string =>
  `version: 1\nmodel: beans\nseed: ${edition}\ngates: {good: {metric: accuracy, atLeast: 0.9}}\n` +
  `environments: {dev: {approvals: {count: 1, from: [ml-leads], notAuthor: true, validFor: 4h}}}\n`

interface Said {
  readonly who: string
  readonly run: number
  readonly no: boolean
  readonly subject: string
  readonly at: number
}

const createScene = () => {
  const stored = createFakeStore()
  const { store } = stored
  const host = createFakeHost()
  const fake = createFakeTarget()
  let now = 1_000_000
  let edition = 1
  const commitPolicy = () =>
    host.commit('main', {
      'beans.yaml': policyText(edition),
      'winnow.yaml':
        'version: 1\npipelines: {beans: {ir: beans.json, model: beans, policy: beans.yaml}}\nenvironments: {dev: {target: local, endpoint: beans}}\n',
    })
  let commit = commitPolicy()
  const ports = {
    store,
    host: host.host,
    bounds: () => ({ defaultBranch: 'main', targets: ['local'] }),
    repositories: [],
    now: () => now,
  }
  const decisions = createDecisions({ ...ports, repositories: ['acme/beans'] })
  const step = createReleaseStep({ ...ports, judging: createJudging(''), target: () => fake.target })
  const context = { now: () => now, signal: new AbortController().signal, log: createLog('silent') }
  const said: Said[] = []
  const overrides: { run: number; subject: string; expiresAt: number }[] = []
  let hold: { until: number } | undefined

  const runs: number[] = []
  const addRun = () =>
    store.transaction(async (tx) => {
      const change = await tx.insert('change', someChange())
      const run = await tx.insert('run', someRun({ change: change.id, state: 'succeeded' }))
      await tx.insert('verdict', someVerdict({ run: run.id }))
      runs.push(run.id)
    })

  /** As the judge step ends, with an outcome out of the script. */
  const judge = (run: number, outcome: Outcome) =>
    store.transaction(async (tx) => {
      const [verdict] = await tx.list('verdict', { run })
      const policy = { path: 'beans.yaml', digest: digestBytes(policyText(edition)), commit }
      const candidate = { ...someCandidate, model: `models/${run}` }
      const receipt = someReceipt({ outcome, policy, candidate })
      const judged = verdict && nextVerdict(verdict, receipt, now)
      if (judged === undefined) return
      await supersedeWaiting(tx, await tx.update('verdict', judged), now)
      if (outcome !== 'pass') return
      const receiptDigest = digestJson(receipt as unknown as Json)
      const delivery = { verdict: judged.id, run, repository: 'acme/beans', model: 'beans', candidate, receiptDigest }
      await deliver(tx, delivery, { declared: [environment], after: null }, now)
    })

  const receiptOf = async (run: number) => (await store.list('verdict', { run }))[0]

  /** Everything that must be so at the moment at which a release begins. */
  const mustBeAllowed = async ({ run, receiptDigest, override }: Release): Promise<void> => {
    const verdict = await receiptOf(run)
    const receipt = verdict?.receipt
    if (!verdict || !receipt) throw new Error(`run ${run} began without a verdict`)
    const subject = subjectOf(receipt)
    expect(hold === undefined || hold.until <= now).toBe(true)
    if (override) {
      expect(overrides.some((one) => one.run === run && one.subject === subject && one.expiresAt > now)).toBe(true)
      return
    }
    expect(verdict.state).toBe('pass')
    expect(receiptDigest).toBe(digestJson(receipt as unknown as Json))
    expect(receipt.policy.digest).toBe(digestBytes(policyText(edition)))
    const last = new Map(said.filter((one) => one.run === run && one.subject === subject).map((one) => [one.who, one]))
    // Grace made the changes, and bob is known as grace.
    expect([...last.values()].some(({ no, who }) => no && who === 'alice')).toBe(false)
    const yes = last.get('alice')
    expect(yes !== undefined && !yes.no && now - yes.at <= 4 * hour).toBe(true)
  }

  const drain = async (): Promise<void> => {
    for (let turns = 0; turns < 200; turns++) {
      const due = stored.takeOutbox(now)
      if (due.length === 0) {
        // Operations end soon; what waits for people and hours waits on.
        const next = stored.nextAt()
        if (next === undefined || next > now + 60_000) return
        now = next
        continue
      }
      for (const { step: asked, id, version } of due) {
        if (asked !== 'release') continue
        const row = await store.get('release', id)
        if (row?.version !== version) continue
        await step(row, context).catch((error: unknown) => {
          if (!(error instanceof StaleRow)) throw error
        })
        const after = (await store.get('release', id)) as Release
        if (row.endedAt === null && !releaseActive.includes(row.state) && after.state === 'registering')
          await mustBeAllowed(after)
        const all = await store.list('release', {}, 1_000)
        expect(all.filter(({ state }) => state === 'live').length).toBeLessThanOrEqual(1)
        expect(all.filter(({ state }) => releaseActive.includes(state)).length).toBeLessThanOrEqual(1)
        now += 1
      }
    }
    throw new Error('the releases never end')
  }

  /** A decision that is refused is as good as none; the code says so by a fault with a code of its own. */
  const attempt = async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work()
      return true
    } catch (error) {
      expect(isFault(error) && ['usage', 'forbidden', 'outdated'].includes(error.code) ? '' : error).toBe('')
      return false
    }
  }

  return {
    addRun,
    judge: (i: number, outcome: Outcome) => judge(runs[i % runs.length] as number, outcome),
    drain,
    pass: (hours: number) => {
      now += hours * hour
    },
    changePolicy: () => {
      edition += 1
      commit = commitPolicy()
    },
    speak: async (i: number, who: string, no: boolean) => {
      const run = runs[i % runs.length] as number
      const at = now
      const spoken = await attempt(async () => {
        const word = { decision: no ? 'reject' : 'approve', reason: '' } as const
        const { subject } = await decisions.speak(run, people[who] as Person, word, context.signal)
        said.push({ who, run, no, subject, at })
      })
      const [verdict] = await store.list('verdict', { run })
      const given = await store.list('approval', { verdict: verdict?.id as number, state: 'given' })
      expect(new Set(given.map(({ person }) => person)).size).toBe(given.length)
      if (who === 'carl' || (who === 'bob' && !no)) expect(spoken).toBe(false)
    },
    override: (i: number, who: string, hours: number) =>
      attempt(async () => {
        const run = runs[i % runs.length] as number
        const wish = { environment: 'dev', reason: 'because', expiresIn: hours * hour }
        const { expiresAt } = await decisions.override(run, people[who] as Person, wish, context.signal)
        expect(who).toBe('olga')
        const verdict = await receiptOf(run)
        if (verdict?.receipt) overrides.push({ run, subject: subjectOf(verdict.receipt), expiresAt })
      }),
    hold: (hours: number) =>
      attempt(async () => {
        const wish = { reason: '', lasts: hours * hour }
        await decisions.hold({ environment: 'dev' }, people['olga'] as Person, wish, context.signal)
        hold = { until: now + hours * hour }
      }),
    lift: () =>
      attempt(async () => {
        await decisions.lift({ environment: 'dev' }, people['olga'] as Person, context.signal)
        hold = undefined
      }),
    releases: () => store.list('release', {}, 1_000),
  }
}

const index = fc.nat({ max: 1 })
const of = <T extends string, R extends object>(name: T, fields: { [K in keyof R]: fc.Arbitrary<R[K]> }) =>
  fc.record({ do: fc.constant(name), ...fields }) as unknown as fc.Arbitrary<{ readonly do: T } & R>
const hours = fc.integer({ min: 1, max: 5 })
const actions = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: of('judge', { i: index, outcome: fc.constantFrom<Outcome>('pass', 'pass', 'pass', 'fail') }),
    },
    {
      weight: 6,
      arbitrary: of('speak', {
        i: index,
        who: fc.constantFrom('alice', 'alice', 'alice', 'bob', 'carl', 'olga'),
        no: fc.oneof(fc.constant(false), fc.boolean()),
      }),
    },
    { weight: 2, arbitrary: of('override', { i: index, who: fc.constantFrom('olga', 'olga', 'alice'), hours }) },
    { weight: 1, arbitrary: of('hold', { hours }) },
    { weight: 2, arbitrary: of('lift', {}) },
    { weight: 1, arbitrary: of('changePolicy', {}) },
    { weight: 1, arbitrary: of('run', {}) },
    { weight: 6, arbitrary: of('drain', {}) },
    { weight: 2, arbitrary: of('pass', { hours }) },
  ),
  { minLength: 10, maxLength: 60 },
)

it('nothing begins without a passing verdict with exactly its digests and approvals, or an override that has not expired', async () => {
  let begun = 0
  await fc.assert(
    fc.asyncProperty(actions, async (script) => {
      const scene = createScene()
      await scene.addRun()
      for (const action of script) {
        if (action.do === 'judge') await scene.judge(action.i, action.outcome)
        else if (action.do === 'speak') await scene.speak(action.i, action.who, action.no)
        else if (action.do === 'override') await scene.override(action.i, action.who, action.hours)
        else if (action.do === 'hold') await scene.hold(action.hours)
        else if (action.do === 'lift') await scene.lift()
        else if (action.do === 'changePolicy') scene.changePolicy()
        else if (action.do === 'run') await scene.addRun()
        else if (action.do === 'pass') scene.pass(action.hours)
        else await scene.drain()
      }
      await scene.drain()
      begun += (await scene.releases()).filter(({ registered }) => registered !== null).length
    }),
    { numRuns: 300 },
  )
  // The property says nothing where nothing ever begins.
  expect(begun).toBeGreaterThan(50)
})
