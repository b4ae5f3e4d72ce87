import { execFile } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from './controller.ts'
import { openSite, type Site } from './site.ts'
import { embeddedStores } from './stores.ts'

const people = {
  alice: { groups: ['ml-leads'], token: 'token-of-alice-who-leads' },
  carl: { groups: [], token: 'token-of-carl-who-does-not' },
  olga: { groups: ['operators'], token: 'token-of-olga-who-operates' },
}
const policy = `version: 1
model: numbers
gates:
  good enough: {metric: accuracy, atLeast: 0.9}
  signed: {require: {from: [ml-leads], notAuthor: true}}
`

// One story in the order in which it is told: each part goes on where the one before it ended.
describe('people decide', () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite(embeddedStores(), people)
    await site.setPace(0)
    await site.start()
  }, 120_000)
  afterAll(() => site?.close())

  /** What a person's `winnow` says, and with which exit code. */
  const as = (who: keyof typeof people, ...args: readonly string[]) =>
    new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resolve) => {
      const entry = new URL('../../src/cli/main.ts', import.meta.url).pathname
      const env = { ...process.env, NO_COLOR: '1', WINNOW_URL: site.url, WINNOW_TOKEN: people[who].token }
      execFile(process.execPath, [entry, ...args], { env }, (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr }),
      )
    })
  const push = async (): Promise<number> => {
    const [change] = await site.push()
    const { runs } = await site.ended(change as number)
    return runs[0] as number
  }
  const judged = (run: number, state: string) =>
    until(`run ${run} is judged ${state}`, async () => (await site.shownRun(run)).verdict?.state === state, 90_000)
  const released = (run: number, state: string) =>
    until(
      `the release of run ${run} is ${state}`,
      async () => (await site.shownRun(run)).releases.some((release) => release.state === state),
      90_000,
    )
  const answer = async (): Promise<number> => (await site.predict<{ value: number }>('numbers', { x: 10 })).value

  it('ships what was approved, though the controller is killed right after the word', async () => {
    await site.commitNumbers(2, 0.95)
    await site.commit({ 'policies/numbers.yaml': policy })
    const run = await push()
    await judged(run, 'inconclusive')
    const refused = await as('carl', 'approve', String(run), '--reason', 'looks fine')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/carl's word does not count .*\[forbidden\]/)
    const approved = await as('alice', 'approve', String(run), '--reason', 'looked at the errors')
    expect(approved).toMatchObject({ code: 0, stderr: '' })
    await site.kill()
    await site.start()
    await released(run, 'live')
    expect(await answer()).toBe(20)
  }, 180_000)

  it('ships nothing that was rejected, and says who did and why', async () => {
    await site.commit({ 'winnow.yaml': site.yaml(2, 0.97) })
    const run = await push()
    await judged(run, 'inconclusive')
    expect(await as('alice', 'reject', String(run), '--reason', 'the same model again')).toMatchObject({ code: 0 })
    await judged(run, 'fail')
    const explained = await as('carl', 'explain', String(run))
    expect(explained.stdout).toContain('the same model again')
    expect((await site.shownRun(run)).releases).toEqual([])
  }, 120_000)

  it('keeps an environment that is held as it is, across a restart, until it is released', async () => {
    expect((await as('carl', 'hold', 'dev')).stderr).toContain('[forbidden]')
    expect(await as('olga', 'hold', 'dev', '--reason', 'the audit')).toMatchObject({ code: 0, stderr: '' })
    await site.commitNumbers(3, 0.96)
    await site.commit({ 'policies/numbers.yaml': policy })
    const run = await push()
    await judged(run, 'inconclusive')
    expect(await as('alice', 'approve', String(run))).toMatchObject({ code: 0 })
    await released(run, 'held')
    await site.kill()
    await site.start()
    expect((await as('carl', 'run', 'show', String(run))).stdout).toContain('dev is held by olga: the audit')
    expect(await answer()).toBe(20)
    expect(await as('olga', 'release', 'dev')).toMatchObject({ code: 0 })
    await released(run, 'live')
    expect(await answer()).toBe(30)
  }, 240_000)

  it('ships what a policy refused where somebody may say so, with name and reason', async () => {
    await site.commitNumbers(4, 0.5)
    const run = await push()
    await judged(run, 'fail')
    const words = ['override', String(run), '--environment', 'dev', '--reason', 'the old one is broken']
    expect((await as('alice', ...words)).stderr).toContain('[forbidden]')
    expect(await as('olga', ...words, '--expires', '2h')).toMatchObject({ code: 0, stderr: '' })
    await released(run, 'live')
    expect(await answer()).toBe(40)
    const shown = await as('carl', 'run', 'show', String(run))
    expect(shown.stdout).toMatch(/olga.*the old one is broken|the old one is broken.*olga/)
  }, 120_000)
})
