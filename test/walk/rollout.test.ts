import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { operators, type Person, subjectOf } from '../../src/domain/approval.ts'
import { releaseEnded } from '../../src/domain/release.ts'
import { createDecisions } from '../../src/workers/people/decisions.ts'
import { createReleaseScene, type SceneOptions } from './release-scene.ts'

const minute = 60_000
const steps = '{traffic: 10, hold: 30m}, {traffic: 50, hold: 10m}, {traffic: 100}'
const rolling = (rollout: string, windows = '') =>
  `environments:\n  dev:\n    rollout: [${rollout}]\n${windows === '' ? '' : `    windows: [${windows}]\n`}`
const olga: Person = { name: 'olga', groups: [operators], knownAs: [] }
const signal = new AbortController().signal

const createScene = (over: SceneOptions & { steps?: string; windows?: string } = {}) => {
  const scene = createReleaseScene({ ...over, rules: rolling(over.steps ?? steps, over.windows) })
  scene.withChampion()
  const decisions = createDecisions({ ...scene.ports, repositories: ['acme/beans'] })
  /** Every split that the endpoint had, by the candidate's share, with when it began. */
  const shares: { at: number; candidate: number; champion: number }[] = []
  const watch = () => {
    const split = scene.endpoint()?.split ?? {}
    const champion = split['old'] ?? 0
    const candidate = Object.entries(split).reduce((sum, [id, share]) => (id === 'old' ? sum : sum + share), 0)
    const last = shares.at(-1)
    if (last?.candidate !== candidate || last.champion !== champion)
      shares.push({ at: scene.now(), candidate, champion })
  }
  const until = (time: number, limit = 2_000) => scene.drain(watch, limit, scene.now() + time)
  const release = async (id: number) => {
    const row = await scene.store.get('release', id)
    if (row === undefined) throw new Error(`there is no release ${id}`)
    return row
  }
  return { ...scene, decisions, shares, watch, until, release }
}

describe('a rollout', () => {
  it('goes up step by step, holds each as long as it says, and takes the old model away last', async () => {
    const scene = createScene()
    const { id } = await scene.queue()
    await scene.drain(scene.watch, 2_000)
    expect((await scene.release(id)).state).toBe('live')
    expect(scene.shares.map(({ candidate, champion }) => [candidate, champion])).toEqual([
      [0, 100],
      [10, 90],
      [50, 50],
      [100, 0],
    ])
    const [, ten, fifty, all] = scene.shares.map(({ at }) => at)
    expect((fifty as number) - (ten as number)).toBeGreaterThanOrEqual(30 * minute)
    expect((all as number) - (fifty as number)).toBeGreaterThanOrEqual(10 * minute)
    expect(scene.endpoint()?.deployed).toHaveLength(1)
    const moves = (await scene.store.history('release', id)).map(({ from, to }) => `${from} ${to}`)
    expect(moves.filter((move) => move.endsWith(' holding') && !move.startsWith('holding'))).toHaveLength(2)
  })

  it('holds the last step, too, before the old model goes', async () => {
    const scene = createScene({ steps: '{traffic: 100, hold: 20m}' })
    const { id } = await scene.queue()
    await scene.until(10 * minute)
    expect(await scene.release(id)).toMatchObject({
      state: 'holding',
      reason: 'step 1 of 1: 100 % of the traffic for 20m 0s',
    })
    expect(scene.endpoint()?.deployed).toHaveLength(2)
    await scene.until(30 * minute)
    expect((await scene.release(id)).state).toBe('live')
    expect(scene.endpoint()?.deployed).toHaveLength(1)
  })

  it('gives all traffic to the first model of an endpoint: there is nobody to share with', async () => {
    const scene = createScene()
    scene.fake.state.endpoints.clear()
    const { id } = await scene.queue()
    await scene.until(minute)
    expect((await scene.release(id)).state).toBe('live')
  })

  it('puts the traffic back where somebody moved it during a hold', async () => {
    const scene = createScene()
    const { id } = await scene.queue()
    await scene.until(5 * minute)
    const endpoint = scene.endpoint()
    if (endpoint !== undefined) endpoint.split = { old: 100 }
    await scene.until(2 * minute)
    expect((await scene.release(id)).state).toBe('holding')
    expect(scene.endpoint()?.split['old']).toBe(90)
  })

  it('never takes more than its step where the old model is gone: it says so and a person is told', async () => {
    const scene = createScene()
    const { id } = await scene.queue()
    await scene.until(5 * minute)
    const endpoint = scene.endpoint()
    if (endpoint === undefined) throw new Error('there is no endpoint')
    endpoint.deployed = endpoint.deployed.filter((deployed) => deployed.id !== 'old')
    await scene.drain(scene.watch)
    const release = await scene.release(id)
    expect(release.state).toBe('stuck')
    expect(release.reason).toContain('the deployed model old, which served beside it, is gone')
    expect(Math.max(...scene.shares.map(({ candidate }) => candidate))).toBe(10)
  })

  it('keeps the steps that it began with, whatever the policy says later', async () => {
    const scene = createScene()
    const { id } = await scene.queue()
    await scene.until(5 * minute)
    scene.changeRules(rolling('{traffic: 100}'))
    await scene.drain(scene.watch, 2_000)
    expect((await scene.release(id)).state).toBe('live')
    expect(scene.shares.map(({ candidate }) => candidate)).toEqual([0, 10, 50, 100])
  })

  it('keeps to the windows that the policy has now', async () => {
    const scene = createScene()
    const { id } = await scene.queue()
    await scene.until(5 * minute)
    scene.changeRules(rolling(steps, '{allow: "06:00-07:00"}'))
    await scene.until(60 * minute)
    expect((await scene.release(id)).reason).toContain('its window opens at 1970-01-01T06:00:00.000Z')
  })

  it('is done at once by an override, which stands above what the policy says', async () => {
    const scene = createScene()
    const receipt = await scene.queue()
    await scene.store.transaction(async (tx) => {
      const verdict = await tx.get('verdict', receipt.verdict)
      if (!verdict?.receipt) throw new Error('there is no receipt')
      const override = { person: 'olga', reason: 'now', expiresAt: 10 * minute }
      const { id } = await tx.insert('override', {
        ...override,
        repository: 'acme/beans',
        environment: 'dev',
        run: receipt.run,
        verdict: verdict.id,
        subject: subjectOf(verdict.receipt),
        at: 0,
        state: 'given',
      })
      const row = await tx.get('release', receipt.id)
      if (row !== undefined) await tx.update('release', { ...row, override: { id, ...override } })
      await tx.enqueue('release', receipt.id)
    })
    await scene.until(minute)
    expect((await scene.release(receipt.id)).state).toBe('live')
  })
})

describe('between two steps', () => {
  it('no further step begins while the window is closed', async () => {
    // The clock of the scene begins at midnight UTC, 1970-01-01: a Thursday.
    const scene = createScene({ windows: '{allow: "00:00-00:20"}' })
    const { id } = await scene.queue()
    await scene.until(60 * minute)
    expect(await scene.release(id)).toMatchObject({ state: 'holding', rollout: { step: 0 } })
    expect((await scene.release(id)).reason).toBe(
      'step 1 of 3: 10 % of the traffic, and no more yet: dev takes no release now: its window opens at 1970-01-02T00:00:00.000Z',
    )
    await scene.drain(scene.watch, 20_000)
    expect((await scene.release(id)).state).toBe('live')
    expect(scene.shares.find(({ candidate }) => candidate === 50)?.at).toBeGreaterThanOrEqual(86_400_000)
  })

  it('a denied window beats one that allows', async () => {
    const scene = createScene({ windows: '{allow: "00:00-12:00"}, {deny: "00:25-02:00"}' })
    const { id } = await scene.queue()
    await scene.until(60 * minute)
    expect((await scene.release(id)).reason).toContain('its window opens at 1970-01-01T02:00:00.000Z')
    await scene.drain(scene.watch, 20_000)
    expect(scene.shares.find(({ candidate }) => candidate === 50)?.at).toBeGreaterThanOrEqual(120 * minute)
  })

  it('a hold keeps it where it is, and lifting it sends it on at once', async () => {
    const scene = createScene()
    const { id } = await scene.queue()
    await scene.until(5 * minute)
    await scene.decisions.hold({ environment: 'dev' }, olga, { reason: 'the audit', lasts: null }, signal)
    await scene.until(60 * minute)
    expect(await scene.release(id)).toMatchObject({
      state: 'holding',
      reason: 'step 1 of 3: 10 % of the traffic, and no more yet: dev is held by olga: the audit',
    })
    const lifted = await scene.decisions.lift({ environment: 'dev' }, olga, signal)
    expect(lifted.next).toBe(`the hold is lifted; release ${id} looks again`)
    await scene.until(minute)
    expect((await scene.release(id)).rollout?.step).toBe(1)
  })

  it('a no of somebody who may say it takes the traffic back', async () => {
    const scene = createScene()
    const queued = await scene.queue()
    await scene.until(5 * minute)
    const said = await scene.decisions.speak(queued.run, olga, { decision: 'reject', reason: 'it is biased' }, signal)
    expect(said.next).toBe(`release ${queued.id} is rolled back`)
    await scene.drain(scene.watch)
    expect(await scene.release(queued.id)).toMatchObject({
      state: 'rolledBack',
      reason: 'olga has rejected it: it is biased',
    })
    expect(scene.endpoint()?.split).toEqual({ old: 100 })
    expect(scene.endpoint()?.deployed).toHaveLength(1)
  })
})

describe('a rollout that is watched', () => {
  const watched = '{traffic: 10, hold: 30m, longest: 2h, gates: [healthy]}, {traffic: 100}'
  /** So many requests a minute to both, of which the candidate fails a share. */
  const traffic = (scene: ReturnType<typeof createScene>, perMinute: number, failing: number, from = 0) => {
    scene.fake.state.requests = (_endpoint, since) => {
      const own = scene.endpoint()?.deployed.find(({ id }) => id !== 'old')?.id ?? ''
      const count = Math.floor(((scene.now() - Math.max(since, from)) / minute) * perMinute)
      const requests = ['old', own].flatMap((deployedModel) =>
        Array.from({ length: Math.max(0, count) }, (_, i) => {
          const ok = deployedModel === 'old' || i % 100 >= failing * 100
          return { id: `${deployedModel}${i}`, at: since + i, deployedModel, ok, latency: 1, predictions: null }
        }),
      )
      return { ok: true, requests }
    }
  }

  it('goes on at the end of the hold where the gates pass, and keeps what they saw', async () => {
    const scene = createScene({ steps: watched })
    traffic(scene, 10, 0)
    const { id } = await scene.queue()
    await scene.drain(scene.watch, 2_000)
    const release = await scene.release(id)
    expect(release.state).toBe('live')
    expect(release.rollout?.seen).toMatchObject({ outcome: 'pass', step: 0, metrics: { errorRate: 0 } })
    const [, ten, all] = scene.shares
    expect((all?.at ?? 0) - (ten?.at ?? 0)).toBeGreaterThanOrEqual(30 * minute)
    expect((all?.at ?? 0) - (ten?.at ?? 0)).toBeLessThan(32 * minute)
    const over = (await scene.store.history('release', id)).find(({ why }) => why.includes('is over'))
    expect(over?.why).toMatch(/^step 1 of 2: 10 % of the traffic is over: its one gate passed$/)
  })

  it('still has what they saw after a last step that nothing watches', async () => {
    const scene = createScene({ steps: watched.replace('{traffic: 100}', '{traffic: 100, hold: 5m}') })
    traffic(scene, 10, 0)
    const { id } = await scene.queue()
    await scene.drain(scene.watch, 2_000)
    expect(await scene.release(id)).toMatchObject({ state: 'live', rollout: { seen: { outcome: 'pass', step: 0 } } })
  })

  it('rolls back at once when a gate is breached, and says by what', async () => {
    const scene = createScene({ steps: watched })
    traffic(scene, 20, 0.5)
    const { id } = await scene.queue()
    await scene.drain(scene.watch, 2_000)
    const release = await scene.release(id)
    expect(release.state).toBe('rolledBack')
    expect(release.reason).toMatch(
      /^at 10 % of the traffic it was refused by healthy \(live\.errorRate changes by \+0\.\d+/,
    )
    expect(release.rollout?.seen?.outcome).toBe('fail')
    const [, ten, back] = scene.shares
    expect((back?.at ?? 0) - (ten?.at ?? 0)).toBeLessThan(10 * minute)
    expect(scene.endpoint()?.split).toEqual({ old: 100 })
  })

  it('rolls back what breaks late, too', async () => {
    const scene = createScene({ steps: watched })
    traffic(scene, 20, 0)
    const { id } = await scene.queue()
    await scene.until(20 * minute)
    expect((await scene.release(id)).state).toBe('holding')
    traffic(scene, 20, 0.9)
    await scene.drain(scene.watch, 2_000)
    expect((await scene.release(id)).state).toBe('rolledBack')
  })

  it('without traffic is held on as long as the policy says, then waits for a person, who sends it on', async () => {
    const scene = createScene({ steps: watched })
    const { id } = await scene.queue()
    await scene.until(31 * minute)
    expect((await scene.release(id)).reason).toMatch(
      /^step 1 of 2: 10 % of the traffic, held on up to 2h 0m: not enough evidence for healthy .*0 requests only, of 50/,
    )
    await scene.until(4 * 60 * minute)
    expect(await scene.release(id)).toMatchObject({ state: 'holding', rollout: { step: 0 } })
    expect((await scene.release(id)).reason).toMatch(/^step 1 of 2: 10 % of the traffic, waits for a person: /)
    const alice: Person = { name: 'alice', groups: ['ml-leads'], knownAs: [] }
    await expect(scene.decisions.lift({ environment: 'dev' }, alice, signal)).rejects.toMatchObject({
      code: 'forbidden',
    })
    const sent = await scene.decisions.lift({ environment: 'dev' }, olga, signal)
    expect(sent.next).toBe(`release ${id} goes on from step 1 of 2: 10 % of the traffic`)
    await scene.until(minute)
    expect((await scene.release(id)).state).toBe('live')
    const history = await scene.store.history('release', id)
    expect(history.find(({ by }) => by === 'olga')?.why).toBe('olga sends it on from step 1 of 2: 10 % of the traffic')
    expect(history.find(({ why }) => why.includes('sent on by olga'))).toBeDefined()
  })

  it('goes on by itself where enough becomes known while it is held on', async () => {
    const scene = createScene({ steps: watched })
    const { id } = await scene.queue()
    await scene.until(40 * minute)
    expect((await scene.release(id)).state).toBe('holding')
    traffic(scene, 30, 0, scene.now())
    await scene.until(60 * minute)
    expect((await scene.release(id)).state).toBe('live')
  })

  it('is rolled back where too little is known and the policy says so', async () => {
    const scene = createScene({
      steps: '{traffic: 10, hold: 30m, gates: [healthy], inconclusive: rollBack}, {traffic: 100}',
    })
    const { id } = await scene.queue()
    await scene.drain(scene.watch, 2_000)
    const release = await scene.release(id)
    expect(release.state).toBe('rolledBack')
    expect(release.reason).toMatch(/^after 30m 0s at 10 %, not enough evidence for healthy/)
  })

  it('whose requests cannot be told is held, and says why', async () => {
    const scene = createScene({ steps: watched })
    scene.fake.state.requests = () => ({ ok: false, reason: 'the requests of the endpoint are not logged' })
    const { id } = await scene.queue()
    await scene.until(31 * minute)
    expect((await scene.release(id)).reason).toContain('the requests of the endpoint are not logged')
  })

  it('is judged by labels that become known', async () => {
    const gates = '  right: {metric: live.accuracy, atLeast: 0.9}\n'
    const scene = createScene({ gates, steps: '{traffic: 10, hold: 30m, gates: [right]}, {traffic: 100}' })
    scene.fake.state.requests = (_endpoint, since) => ({
      ok: true,
      requests: Array.from({ length: 60 }, (_, i) => ({
        ...{ id: `r${i}`, at: since, ok: true, latency: 1, predictions: ['SIRA'] },
        deployedModel: scene.endpoint()?.deployed.find(({ id: own }) => own !== 'old')?.id ?? '',
      })),
    })
    const labels = Array.from({ length: 60 }, (_, i) => ({ request: `r${i}`, labels: [i < 30 ? 'SIRA' : 'BOMBAY'] }))
    const { id } = await scene.queue()
    await scene.until(5 * minute)
    expect((await scene.release(id)).state).toBe('holding')
    await scene.store.recordFeedback({ target: 'local', endpoint: 'endpoints/beans' }, labels, scene.now())
    await scene.drain(scene.watch, 2_000)
    expect(await scene.release(id)).toMatchObject({ state: 'rolledBack' })
    expect((await scene.release(id)).reason).toContain('live.accuracy is 0.500')
  })
})

describe('labels that come late, after hundreds of looks', () => {
  const minimum = '{traffic: 10, hold: 30m, longest: 10h, gates: [right]}, {traffic: 100}'
  /** Sixty requests to each of the two; `label` says which of their answers were right. */
  const createLateScene = (gate: string) => {
    const scene = createScene({ gates: `  right: ${gate}\n`, steps: minimum })
    const ownId = () => scene.endpoint()?.deployed.find(({ id }) => id !== 'old')?.id ?? ''
    scene.fake.state.requests = (_endpoint, since) => ({
      ok: true,
      requests: ['old', ownId()].flatMap((deployedModel) =>
        Array.from({ length: 60 }, (_, i) => ({
          ...{ id: `${deployedModel}${i}`, at: since, deployedModel, ok: true, latency: 1, predictions: ['SIRA'] },
        })),
      ),
    })
    const label = (right: Readonly<Record<'own' | 'old', number>>) =>
      scene.store.recordFeedback(
        { target: 'local', endpoint: 'endpoints/beans' },
        (['own', 'old'] as const).flatMap((whose) =>
          Array.from({ length: 60 }, (_, i) => ({
            request: `${whose === 'own' ? ownId() : 'old'}${i}`,
            labels: [i < right[whose] ? 'SIRA' : 'BOMBAY'],
          })),
        ),
        scene.now(),
      )
    return { ...scene, label }
  }

  it('send it on at once where they speak for it: looks that could tell nothing cost nothing', async () => {
    const scene = createLateScene('{metric: live.accuracy, atLeast: 0.8, confidence: 0.95}')
    const { id } = await scene.queue()
    await scene.until(4 * 60 * minute)
    expect((await scene.release(id)).reason).toContain('labels of 0 answers are known, of 50')
    await scene.label({ own: 60, old: 60 })
    await scene.until(2 * minute)
    expect((await scene.release(id)).state).toBe('live')
  })

  it('take it back at once where they speak against it', async () => {
    const scene = createLateScene('{metric: live.accuracy, against: champion, atLeast: -0.05, confidence: 0.95}')
    const { id } = await scene.queue()
    await scene.until(4 * 60 * minute)
    await scene.label({ own: 0, old: 60 })
    await scene.until(2 * minute)
    expect(await scene.release(id)).toMatchObject({
      state: 'rolledBack',
      reason: expect.stringContaining('live.accuracy changes by -1.000'),
    })
  })

  it('that decide nothing are not judged again and again until they do by chance, and ask for no more as time passes', async () => {
    const scene = createLateScene('{metric: live.accuracy, atLeast: 0.8, confidence: 0.95}')
    const { id } = await scene.queue()
    await scene.until(60 * minute)
    await scene.label({ own: 50, old: 60 })
    await scene.until(2 * minute)
    const once = (await scene.release(id)).reason
    expect(once).toMatch(/too few examples to say that it is at least 0\.8 with .* more examples like these would tell/)
    await scene.until(5 * 60 * minute)
    expect((await scene.release(id)).reason).toBe(once)
  })
})

describe('a canary of an inconclusive verdict', () => {
  const gates = '  right: {metric: accuracy, atLeast: 0.9, confidence: 0.95}\n'
  const unclear = (gate: string) => ({
    outcome: 'inconclusive' as const,
    gates: [{ gate, advisory: false, outcome: 'inconclusive' as const, reason: 'too few examples', checks: [] }],
  })
  const canary = (over: { answer?: string; labelled?: number; steps?: string } = {}) => {
    const rollout = over.steps ?? '{traffic: 5, hold: 30m, longest: 1h, gates: [healthy]}, {traffic: 100}'
    const scene = createReleaseScene({
      gates,
      rules: `otherwise: {inconclusive: canary}\n${rolling(rollout)}`,
    })
    scene.withChampion()
    scene.fake.state.requests = (_endpoint, since) => ({
      ok: true,
      requests: (scene.endpoint()?.deployed ?? []).flatMap(({ id }) =>
        Array.from({ length: 200 }, (_, i) => ({
          ...{ id: `${id}-${i}`, at: since, deployedModel: id, ok: true, latency: 1 },
          predictions: [over.answer ?? 'SIRA'],
        })),
      ),
    })
    /** The truth is always the same; who answers otherwise is wrong. */
    const label = async () => {
      const own = scene.endpoint()?.deployed.find(({ id }) => id !== 'old')?.id
      const labels = Array.from({ length: over.labelled ?? 200 }, (_, i) => ({
        request: `${own}-${i}`,
        labels: ['SIRA'],
      }))
      await scene.store.recordFeedback({ target: 'local', endpoint: 'endpoints/beans' }, labels, scene.now())
    }
    const shares: number[] = []
    const watch = () => {
      const split = scene.endpoint()?.split ?? {}
      const share = Object.entries(split).reduce((sum, [id, percent]) => (id === 'old' ? sum : sum + percent), 0)
      if (shares.at(-1) !== share) shares.push(share)
    }
    const release = async (id: number) => {
      const row = await scene.store.get('release', id)
      if (row === undefined) throw new Error(`there is no release ${id}`)
      return row
    }
    return { ...scene, label, shares, watch, release }
  }

  it('has the share of the first step, and goes on where labels prove live what the verdict could not tell', async () => {
    const scene = canary()
    const { id } = await scene.queue({ canary: true }, unclear('right'))
    await scene.drain(scene.watch, 2_000, 10 * minute)
    expect(await scene.release(id)).toMatchObject({ state: 'holding' })
    await scene.label()
    await scene.drain(scene.watch, 2_000)
    const release = await scene.release(id)
    expect(release).toMatchObject({
      state: 'live',
      reason: 'all traffic goes to the candidate, whose canary showed what its verdict could not tell',
    })
    expect(scene.shares).toEqual([0, 5, 100])
    expect(release.rollout?.seen?.gates.map(({ gate, outcome }) => [gate, outcome])).toEqual([
      ['healthy', 'pass'],
      ['right', 'pass'],
    ])
  })

  it('is taken back where the labels prove the opposite', async () => {
    const scene = canary({ answer: 'BOMBAY' })
    const { id } = await scene.queue({ canary: true }, unclear('right'))
    await scene.drain(scene.watch, 2_000, 5 * minute)
    await scene.label()
    await scene.drain(scene.watch, 2_000)
    expect((await scene.release(id)).reason).toMatch(
      /^at 5 % of the traffic it was refused by right \(live\.accuracy is 0\.000/,
    )
    expect(scene.endpoint()?.split).toEqual({ old: 100 })
    expect(Math.max(...scene.shares)).toBe(5)
  })

  it.each([
    ['no label becomes known', 0],
    ['too few do', 49],
  ])('is taken back after its longest hold where %s, and nobody can send it on', async (_name, labelled) => {
    const scene = canary({ labelled })
    const queued = await scene.queue({ canary: true }, unclear('right'))
    await scene.drain(scene.watch, 2_000, 5 * minute)
    if (labelled > 0) await scene.label()
    await scene.drain(scene.watch, 2_000, 59 * minute)
    const decisions = createDecisions({ ...scene.ports, repositories: ['acme/beans'] })
    await expect(decisions.lift({ environment: 'dev' }, olga, signal)).rejects.toMatchObject({ code: 'usage' })
    await scene.drain(scene.watch, 2_000)
    const release = await scene.release(queued.id)
    expect(release.state).toBe('rolledBack')
    expect(release.reason).toMatch(/^after 1h 0m at 5 %, not enough evidence for right/)
    expect(Math.max(...scene.shares)).toBe(5)
    const verdict = await scene.store.get('verdict', queued.verdict)
    expect(verdict?.state).toBe('inconclusive')
  })

  it('is no release where nothing serves that it could share with', async () => {
    const scene = canary()
    scene.fake.state.endpoints.clear()
    const { id } = await scene.queue({ canary: true }, unclear('right'))
    await scene.drain(scene.watch, 2_000)
    expect(await scene.release(id)).toMatchObject({
      state: 'rolledBack',
      reason: 'nothing serves there that a canary could share the traffic with',
    })
    expect(scene.shares).toEqual([0])
  })

  it.each<[string, ReturnType<typeof unclear> | { outcome: 'inconclusive'; gates: [] }, string, RegExp]>([
    [
      'an environment that takes all at once',
      unclear('right'),
      '{traffic: 100, hold: 1m}',
      /dev takes all traffic at once/,
    ],
    [
      'a gate that is not there any more',
      unclear('gone'),
      '{traffic: 5, hold: 1m}, {traffic: 100}',
      /no live answer decides gone/,
    ],
    [
      'a verdict without an unclear gate',
      { outcome: 'inconclusive', gates: [] },
      '{traffic: 5, hold: 1m}, {traffic: 100}',
      /no gate is unclear/,
    ],
  ])('is refused by %s', async (_name, said, steps, reason) => {
    const scene = canary({ steps })
    // The policy that takes all at once is a fault where it asks for canaries: another environment takes them.
    const { id } = await scene.queue({ canary: true }, said)
    await scene.drain(scene.watch, 2_000)
    const release = await scene.release(id)
    if (steps.startsWith('{traffic: 100')) expect(release.state).toBe('held')
    else expect([release.state, release.reason]).toEqual(['refused', expect.stringMatching(reason)])
    expect(scene.shares).toEqual([0])
  })

  it('never begins for a release that asks for none', async () => {
    const scene = canary()
    const { id } = await scene.queue({}, unclear('right'))
    await scene.drain(scene.watch, 2_000)
    expect(await scene.release(id)).toMatchObject({ state: 'refused' })
  })
})

describe('whatever goes wrong in a rollout', () => {
  const fates = fc.array(
    fc.constantFrom('fine', 'fine', 'fine', 'unavailable', 'lostAnswer', 'refused', 'operationFails'),
    { minLength: 1, maxLength: 80 },
  )
  const shapes = fc.constantFrom(
    '{traffic: 100}',
    '{traffic: 100, hold: 10s}',
    '{traffic: 10, hold: 20s}, {traffic: 100}',
    '{traffic: 10, hold: 5s, longest: 9s, gates: [healthy], inconclusive: rollBack}, {traffic: 100}',
    '{traffic: 1, hold: 5s}, {traffic: 33, hold: 5s}, {traffic: 100, hold: 5s}',
  )

  it('at each moment the traffic is one of the steps or what was before, and it ends live, rolled back or stuck', async () => {
    await fc.assert(
      fc.asyncProperty(fates, shapes, fc.boolean(), async (script, shape, two) => {
        let turn = 0
        const scene = createScene({ inject: () => script[turn++] ?? 'fine', steps: shape })
        const endpoint = scene.endpoint()
        if (endpoint === undefined) throw new Error('there is no endpoint')
        if (two) {
          endpoint.deployed.push({ id: 'older', model: 'models/beans', modelVersion: '00', displayName: 'older' })
          endpoint.split = { old: 70, older: 30 }
        }
        const before = { ...endpoint.split }
        const allowed = [0, ...[...shape.matchAll(/traffic: (\d+)/g)].map(([, percent]) => Number(percent))]
        const { id } = await scene.queue()
        let highest = 0
        await scene.drain(() => {
          const split = scene.endpoint()?.split ?? {}
          expect(Object.values(split).reduce((sum, share) => sum + share, 0)).toBe(100)
          const candidate = Object.entries(split).reduce((sum, [of, share]) => (of in before ? sum : sum + share), 0)
          expect(allowed).toContain(candidate)
          highest = Math.max(highest, candidate)
        }, 2_000)
        const release = await scene.release(id)
        expect(releaseEnded).toContain(release.state)
        const split = scene.endpoint()?.split
        if (release.state === 'live') expect(split).toEqual({ [release.deployedModel as string]: 100 })
        else if (release.state === 'rolledBack') expect(split).toEqual(before)
        else expect(release.state).toBe('stuck')
        // The steps are taken in order: all traffic comes after every smaller step.
        if (release.state === 'live') expect(highest).toBe(100)
      }),
      { numRuns: 150 },
    )
  })
})
