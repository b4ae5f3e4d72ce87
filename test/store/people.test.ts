import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createStore, type OpenStore } from '../../src/adapters/store/store.ts'
import type { ApprovalRow } from '../../src/domain/approval.ts'
import { digestBytes, digestJson } from '../../src/domain/digest.ts'
import type { Hold } from '../../src/domain/hold.ts'
import type { Json } from '../../src/domain/json.ts'
import type { Override } from '../../src/domain/override.ts'
import { type NewRow, type RowKind, type Rows, StaleRow } from '../../src/domain/ports/store.ts'
import { releaseActive } from '../../src/domain/release.ts'
import { createJudging } from '../../src/judging/judging.ts'
import { createLog } from '../../src/log.ts'
import type { Policy } from '../../src/policies/language/policy.ts'
import { retrain } from '../../src/workers/judge/retrain.ts'
import { createReleaseStep } from '../../src/workers/release/release.ts'
import { createFakeHost } from '../fakes/fake-host.ts'
import { someReceipt, someRelease, someRun } from '../fakes/rows.ts'
import { describeDatabases, openPool, type TestDatabase } from './databases.ts'
import { someChange, someVerdict, unique } from './rows.ts'

type New<T> = Omit<T, 'id' | 'version'>

const someApproval = (over: Partial<ApprovalRow> = {}): New<ApprovalRow> => ({
  verdict: 1,
  run: 1,
  person: 'alice',
  groups: ['ml-leads'],
  knownAs: ['alice@example.com'],
  decision: 'approve',
  reason: 'looked at the errors',
  subject: digestJson('what was judged'),
  at: 1_000,
  state: 'given',
  ...over,
})
const someOverride: New<Override> = {
  repository: 'acme/beans',
  environment: 'prod',
  run: 1,
  verdict: 1,
  subject: digestJson('what was judged'),
  person: 'olga',
  reason: 'the old one is broken',
  at: 1_000,
  expiresAt: 1_795_000_000_000,
  state: 'given',
}
const someHold = (over: Partial<Hold> = {}): New<Hold> => ({
  repository: 'acme/beans',
  environment: 'prod',
  person: 'olga',
  reason: 'the audit',
  at: 1_000,
  until: null,
  state: 'held',
  ...over,
})

describeDatabases('what people decide', ({ make }) => {
  let database: TestDatabase
  // Two processes of the controller, where the database can be shared.
  let stores: readonly OpenStore[]
  let store: OpenStore

  beforeAll(async () => {
    database = await make()
    const open = async () => createStore(await openPool(database.options), () => 100_000)
    store = await open()
    stores = [store, store.embedded ? store : await open()]
  })
  afterAll(async () => {
    for (const one of new Set(stores)) await one.close()
    await database.dispose()
  })

  const insert = <K extends RowKind>(kind: K, row: NewRow<K>): Promise<Rows[K]> =>
    store.transaction((tx) => tx.insert(kind, row))

  it.each([
    ['approval', someApproval({ verdict: 4711 })],
    ['override', someOverride],
    ['hold', someHold({ repository: 'acme/peas', until: 1_795_000_000_000 })],
  ] as const)('is kept as a row: %s', async (kind, row) => {
    const written = await insert(kind, row as never)
    expect(await store.get(kind, written.id)).toEqual({ ...row, id: written.id, version: 1 })
  })

  it('is one word for each person and verdict, and one hold for each environment', async () => {
    const verdict = 4712
    const first = await insert('approval', someApproval({ verdict }))
    await expect(insert('approval', someApproval({ verdict }))).rejects.toBeInstanceOf(StaleRow)
    await insert('approval', someApproval({ verdict, person: 'bob' }))
    await store.transaction(async (tx) => {
      await tx.update('approval', { ...first, state: 'replaced' })
      await tx.insert('approval', someApproval({ verdict, decision: 'reject' }))
    })
    expect(await store.list('approval', { verdict, state: 'given' })).toHaveLength(2)
    const repository = unique('repository')
    await insert('hold', someHold({ repository, state: 'lifted' }))
    await insert('hold', someHold({ repository }))
    await expect(insert('hold', someHold({ repository }))).rejects.toBeInstanceOf(StaleRow)
  })

  describe('between two processes', () => {
    it('a lock lets one transaction after another, and what is read in it is what the last one wrote', async () => {
      const { id } = await insert('run', someRun({ attempt: 0 }))
      const count = (of: OpenStore) =>
        of.transaction(async (tx) => {
          await tx.lock('counter')
          const run = await tx.get('run', id)
          await tx.update('run', { ...(run as Rows['run']), attempt: (run?.attempt ?? 0) + 1 })
        })
      await Promise.all(Array.from({ length: 10 }, (_, i) => count(stores[i % 2] as OpenStore)))
      expect((await store.get('run', id))?.attempt).toBe(10)
    })

    it('a budget of retrained runs is never overdrawn', async () => {
      const model = unique('model')
      const policy: Policy = {
        version: 1,
        model,
        gates: [],
        environments: {},
        retrain: { attempts: 5, cooldown: 0, parameters: {}, budget: { runs: 3, per: 86_400_000 }, brake: null },
        inconclusive: 'person',
        seed: 1,
        resamples: 200,
      }
      const change = await insert('change', someChange())
      const runs = await Promise.all(
        Array.from({ length: 8 }, () => insert('run', someRun({ change: change.id, model, endedAt: 1 }))),
      )
      const followed = await Promise.all(
        runs.map((run, i) =>
          (stores[i % 2] as OpenStore).transaction((tx) => retrain(tx, run, 1, someReceipt(), policy, 50_000)),
        ),
      )
      expect(followed.filter(({ kind }) => kind === 'retrain')).toHaveLength(3)
      expect(followed.filter(({ reason }) => reason.startsWith('the budget of 3 retrained runs'))).toHaveLength(5)
    })

    it('no two releases touch one endpoint: not by its key, and not by two workers at once', async () => {
      const endpointName = unique('endpoint')
      const active = await insert('release', someRelease({ endpointName, state: 'deploying' }))
      const second = someRelease({ endpointName, state: 'registering' })
      await expect(insert('release', second)).rejects.toBeInstanceOf(StaleRow)
      await store.transaction((tx) => tx.update('release', { ...active, state: 'rolledBack' }))

      const host = createFakeHost()
      const policy = 'version: 1\nmodel: beans\ngates: {good: {metric: accuracy, atLeast: 0.9}}\n'
      const commit = host.commit('main', {
        'beans.yaml': policy,
        'winnow.yaml':
          'version: 1\npipelines: {beans: {ir: b.json, model: beans, policy: beans.yaml}}\nenvironments: {dev: {target: local, endpoint: b}}\n',
      })
      const receipt = someReceipt({ policy: { path: 'beans.yaml', digest: digestBytes(policy), commit } })
      const receiptDigest = digestJson(receipt as unknown as Json)
      const change = await insert('change', someChange())
      const releases = []
      for (const model of ['beans', 'peas', 'lentils', 'lupins']) {
        const run = await insert('run', someRun({ change: change.id }))
        const verdict = await insert('verdict', someVerdict({ run: run.id, state: 'pass', receipt }))
        const ids = { verdict: verdict.id, run: run.id, latestRun: run.id }
        releases.push(await insert('release', someRelease({ ...ids, model, endpointName, receiptDigest })))
      }
      const context = { now: () => 60_000, signal: new AbortController().signal, log: createLog('silent') }
      const begun = await Promise.allSettled(
        releases.map((release, i) =>
          createReleaseStep({
            store: stores[i % 2] as OpenStore,
            target: () => undefined,
            host: host.host,
            judging: createJudging(''),
            bounds: () => ({ defaultBranch: 'main', targets: ['local'] }),
            repositories: [],
          })(release, context),
        ),
      )
      for (const one of begun) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(StaleRow)
      const now = await store.list('release', { endpointName, state: releaseActive })
      expect(now).toHaveLength(1)
    })
  })
})
