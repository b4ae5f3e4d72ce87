import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeLinearModel } from '../platform/linear-model.ts'
import { until } from './controller.ts'
import { openSite, type Site, winnow } from './site.ts'
import { embeddedStores } from './stores.ts'
import { startTraffic, type Traffic } from './traffic.ts'

const policy = `version: 1
model: numbers
gates:
  good enough: {metric: accuracy, atLeast: 0.9}
  stated: {metric: mae, atMost: 1}
  near: {metric: live.mae, atMost: 5, minExamples: 30}
environments:
  dev:
    rollout:
      - {traffic: 30, hold: 1s, longest: 90s, gates: [healthy]}
      - {traffic: 60, hold: 1s, longest: 90s, gates: [healthy, near]}
      - {traffic: 100, hold: 1s}
`
const patience = 90_000

// One story: a first model, a second one that comes step by step past the death of its controller, a third one that is taken back.
describe('a rollout under traffic', () => {
  let site: Site
  let traffic: Traffic
  beforeAll(async () => {
    site = await openSite(embeddedStores())
    await site.setPace(0)
    await site.start()
  })
  afterAll(async () => {
    await traffic?.stop()
    await site?.close()
  })

  const pushRun = async (): Promise<number> => {
    const [change] = await site.push()
    const { runs } = await site.ended(change as number)
    return runs[0] as number
  }
  const releaseOf = async (run: number) => {
    const { releases, releaseHistory } = await site.shownRun(run)
    const [release] = releases
    return release === undefined ? undefined : { ...release, history: releaseHistory?.[release.id] ?? [] }
  }
  const released = (run: number, what: string, is: (release: Awaited<ReturnType<typeof releaseOf>>) => boolean) =>
    until(
      what,
      async () => {
        const release = await releaseOf(run)
        return release !== undefined && is(release) && release
      },
      patience,
    )
  /** Truth is always twice what was asked; who asked tells it some time later, by a file. */
  const tellTruth = async (): Promise<string> => {
    const lines = traffic.answers.map(({ request, x }) => JSON.stringify({ request, labels: [2 * x] }))
    const file = join(site.folder, 'labels.jsonl')
    await writeFile(file, `${lines.join('\n')}\n`)
    return winnow(site, 'feedback', 'numbers', file)
  }

  it('gives the first model all traffic, with nobody beside it', async () => {
    await site.commitNumbers(2, 0.95)
    await site.commit({ 'policies/numbers.yaml': policy })
    const first = await pushRun()
    const release = await released(first, 'the first model', (found) => found?.state === 'live')
    const { split } = await site.endpoint('numbers')
    expect(split).toEqual({ [release.deployedModel as string]: 100 })
    traffic = await startTraffic(site)
  }, 120_000)

  it('goes on from the step where kill -9 met it, and takes each step once', async () => {
    const { split: before } = await site.endpoint('numbers')
    const champion = Object.keys(before)[0] as string
    await site.commit({ 'winnow.yaml': site.yaml(2, 0.96) })
    const second = await pushRun()
    // Without labels the second step waits for them, so there it is met.
    const held = await released(second, 'the second step', (found) => {
      return found?.state === 'holding' && found.rollout?.step === 1
    })
    const own = held.deployedModel as string
    expect((await site.endpoint('numbers')).split).toEqual({ [own]: 60, [champion]: 40 })
    traffic.pause()
    await site.kill()
    await site.start()
    traffic.resume()

    const after = await releaseOf(second)
    expect(after).toMatchObject({
      state: 'holding',
      deployedModel: own,
      rollout: { step: 1, since: held.rollout?.since },
    })
    expect((await site.endpoint('numbers')).split).toEqual({ [own]: 60, [champion]: 40 })
    const shown = await winnow(site, 'live', 'numbers')
    expect(shown).toMatch(/numbers@1\s+40 %\s+\d+\s+0\.0 %/)
    expect(shown).toMatch(/numbers@2\s+60 %\s+\d+\s+0\.0 %.*none: `winnow feedback` tells labels/)

    await until(
      'labels that send it on',
      async () => {
        expect(await tellTruth()).toMatch(/^\d+ requests of numbers recorded/)
        return (await releaseOf(second))?.state === 'live'
      },
      patience,
    )
    const { history, rollout } = await released(second, 'the second model', (found) => found?.state === 'live')
    const moves = history.map(({ from, to }) => `${from} → ${to}`)
    expect(moves.filter((move) => move === 'shifting → holding')).toHaveLength(3)
    expect(moves.filter((move) => move === 'holding → shifting')).toHaveLength(2)
    expect(moves.filter((move) => move === 'deploying → shifting')).toHaveLength(1)
    expect(rollout?.seen).toMatchObject({ outcome: 'pass', step: 1, metrics: { mae: 0, errorRate: 0 } })
    const endpoint = await site.endpoint('numbers')
    expect(endpoint.split).toEqual({ [own]: 100 })
    expect(endpoint.deployed).toHaveLength(1)
    // Whoever asked was answered, by the one or the other, and while both served by both.
    expect(traffic.failures).toEqual([])
    expect(traffic.answers.every(({ x, value }) => value === 2 * x)).toBe(true)
    expect(new Set(traffic.answers.map(({ deployedModel }) => deployedModel))).toEqual(new Set([champion, own]))
  }, 180_000)

  it('is taken back by its live gate, says why, and the champion serves all again', async () => {
    const { split: before } = await site.endpoint('numbers')
    await writeLinearModel(join(site.models, 'times-7'), 7)
    await site.commit({ 'winnow.yaml': site.yaml(7, 0.97) })
    const third = await pushRun()
    const bad = await until(
      'labels that speak against it',
      async () => {
        const release = await releaseOf(third)
        if (release?.state === 'holding' && release.rollout?.step === 1) await tellTruth()
        return release?.state === 'rolledBack' && release
      },
      patience,
    )
    expect(bad.reason).toMatch(
      /^at 60 % of the traffic it was refused by near \(live\.mae is \d+\.\d+, \d+\.\d+ above the 5 that is allowed\)$/,
    )
    expect(bad.rollout?.seen).toMatchObject({ outcome: 'fail', step: 1 })
    expect(await site.endpoint('numbers')).toMatchObject({ split: before, deployed: { length: 1 } })
    expect((await site.predict<{ value: number }>('numbers', { x: 10 })).value).toBe(20)
    const explained = await winnow(site, 'explain', String(third))
    expect(explained).toMatch(/dev: rolledBack {2}at 60 % of the traffic it was refused by near/)
    expect(explained).toMatch(/live in dev, step 2 of 3: 60 % of the traffic, as of/)
    expect(explained).toMatch(/FAILED\s+near\s+live\.mae\s+\d/)
    expect(await winnow(site, 'run', 'show', String(third))).toMatch(/rollingBack → rolledBack/)
    expect(traffic.failures).toEqual([])
  }, 120_000)

  it('is seen by a backtest with the difference to what was judged', async () => {
    await tellTruth()
    const file = join(site.folder, 'stricter.yaml')
    await writeFile(file, 'version: 1\nmodel: numbers\ngates:\n  stated: {metric: mae, atMost: 0.1}\n')
    const { verdicts } = JSON.parse(await winnow(site, 'policy', 'backtest', file, '--json'))
    const [first, second, third] = verdicts.map(({ live }: { live: readonly object[] }) => live)
    // Each was judged by a mean error of 0.25. The first two were right on every request, the third on none but zeros.
    for (const live of [first, second])
      expect(live).toEqual([{ metric: 'mae', judged: 0.25, live: 0, difference: -0.25 }])
    expect(third).toMatchObject([{ metric: 'mae', judged: 0.25 }])
    expect(third[0].live).toBeGreaterThan(100)
    expect(await winnow(site, 'policy', 'backtest', file)).toMatch(/mae -0\.250/)
  }, 60_000)

  it('feedback that fits nothing is told, and what is no feedback is refused', async () => {
    const file = join(site.folder, 'odd.jsonl')
    const [answer] = traffic.answers
    const lines = [
      { request: 'nobody', labels: [1] },
      { request: answer?.request, labels: [1, 2] },
      { request: traffic.answers[1]?.request, labels: ['many'] },
    ]
    await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    const told = await winnow(site, 'feedback', 'numbers', file)
    expect(told.split('\n').slice(0, 4)).toEqual([
      '3 requests of numbers recorded; `winnow live numbers` shows what the labels say',
      '  1 request not among those that are logged (yet): nobody',
      `  1 request with another number of labels than it had instances, which count for nothing: ${answer?.request}`,
      `  1 request with a label that the model cannot give, such as a class that it does not know: ${traffic.answers[1]?.request}`,
    ])
    await writeFile(file, '{"request": "a", "label": {"x": 1}}\n')
    await expect(winnow(site, 'feedback', 'numbers', file)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/odd\.jsonl:1: expected \{"request": "ID", "labels": \[LABEL, …\]\}/),
    })
    await expect(winnow(site, 'live', 'numbres')).rejects.toMatchObject({ code: 1 })
  }, 30_000)
})
