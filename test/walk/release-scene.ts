import { digestBytes, digestJson } from '../../src/domain/digest.ts'
import { isFault } from '../../src/domain/errors.ts'
import type { Json } from '../../src/domain/json.ts'
import type { Transaction } from '../../src/domain/ports/store.ts'
import type { Receipt } from '../../src/domain/verdict.ts'
import { judgeLiveTask, type LiveTask } from '../../src/judging/threads/live-task.ts'
import { createLog } from '../../src/log.ts'
import { createReleaseStep } from '../../src/workers/release/release.ts'
import { createFakeHost } from '../fakes/fake-host.ts'
import { createFakeStore } from '../fakes/fake-store.ts'
import { createFakeTarget, type FaultInjection } from '../fakes/fake-target.ts'
import { someReceipt, someRelease, someRun } from '../fakes/rows.ts'
import { someChange, someVerdict } from '../store/rows.ts'

export const champion = { id: 'old', model: 'models/beans', modelVersion: '0', displayName: 'somebody' }

export interface SceneOptions {
  readonly inject?: FaultInjection
  readonly environments?: string
  /** What follows the gates in the policy. */
  readonly rules?: string
  readonly gates?: string
}

/** Releases of runs that passed, over a store and a target in memory, by a clock of their own. */
export const createReleaseScene = (options: SceneOptions = {}) => {
  const stored = createFakeStore()
  const fake = createFakeTarget(options.inject === undefined ? {} : { inject: options.inject })
  const host = createFakeHost()
  const pipelines = 'pipelines: {beans: {ir: beans.json, model: beans, policy: beans.yaml}}'
  const gates = options.gates ?? ''
  const policyWith = (rules: string) =>
    `version: 1\nmodel: beans\ngates:\n  good enough: {metric: accuracy, atLeast: 0.9}\n${gates}${rules}`
  const policy = policyWith(options.rules ?? '')
  const declaration = `version: 1\n${pipelines}\nenvironments:\n${options.environments ?? '  dev: {target: local, endpoint: beans}'}\n`
  const commitPolicy = (text: string) => host.commit('main', { 'beans.yaml': text, 'winnow.yaml': declaration })
  const commit = commitPolicy(policy)
  let now = 1_000
  const ports = {
    store: stored.store,
    target: (name: string) => (name === 'local' ? fake.target : undefined),
    host: host.host,
    // Threads are shown elsewhere; here there are thousands of looks.
    judging: { judgeLive: async (task: LiveTask) => judgeLiveTask(task) },
    bounds: () => ({ defaultBranch: 'main', targets: ['local'] }),
    repositories: [],
    now: () => now,
  }
  const step = createReleaseStep(ports)
  const context = { now: () => now, signal: new AbortController().signal, log: createLog('silent') }
  /** Runs jobs until nothing is queued, as the runner would: a retryable fault brings the job again. */
  const drain = async (between: () => void = () => {}, limit = 400, until = Number.POSITIVE_INFINITY) => {
    for (let turns = 0; turns < limit; turns++) {
      const due = stored.takeOutbox(now)
      if (due.length === 0) {
        const next = stored.nextAt()
        if (next === undefined || next > until) return
        now = Math.max(now + 1, next)
      }
      for (const job of due) {
        const row = await stored.store.get('release', job.id)
        if (row === undefined || row.version !== job.version) continue
        try {
          await step(row, context)
        } catch (error) {
          if (!isFault(error) || !error.retryable) throw error
          now += 1_000
          await stored.store.transaction(async (tx) => {
            await tx.update('release', { ...row, failures: row.failures + 1 })
            await tx.enqueue('release', row.id)
          })
        }
        between()
      }
    }
    throw new Error('the release never ends')
  }
  const insertRun = async (tx: Transaction): Promise<number> => {
    const change = await tx.insert('change', someChange())
    return (await tx.insert('run', someRun({ change: change.id, state: 'succeeded' }))).id
  }
  const run = () => stored.store.transaction(insertRun)
  /** A release of a run of its own, which passed by the policy that the protected branch has. */
  const queue = (over: Parameters<typeof someRelease>[0] = {}, said: Partial<Receipt> = {}) =>
    stored.store.transaction(async (tx) => {
      const made = over.run ?? (await insertRun(tx))
      const digest = digestBytes(policy)
      const texts = [{ path: 'beans.yaml', digest, text: policy }]
      const receipt = someReceipt({
        ...said,
        policy: { path: 'beans.yaml', digest, commit },
        // Of the inputs, what a rollout reads again.
        judged: { policy: texts, references: {} } as unknown as NonNullable<Receipt['judged']>,
      })
      const verdict = await tx.insert('verdict', someVerdict({ run: made, state: receipt.outcome, receipt }))
      const receiptDigest = digestJson(receipt as unknown as Json)
      const release = await tx.insert(
        'release',
        someRelease({ ...over, verdict: verdict.id, run: made, receiptDigest }),
      )
      await tx.enqueue('release', release.id)
      return release
    })
  const withChampion = () =>
    fake.state.endpoints.set('endpoints/beans', {
      name: 'endpoints/beans',
      displayName: 'beans',
      deployed: [champion],
      split: { old: 100 },
    })
  const endpoint = () => fake.state.endpoints.get('endpoints/beans')
  return {
    ...stored,
    fake,
    drain,
    run,
    queue,
    withChampion,
    endpoint,
    changeRules: (rules: string) => commitPolicy(policyWith(rules)),
    ports,
    now: () => now,
    pass: (time: number) => {
      now += time
    },
  }
}
