import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createManifestFolder } from '../../src/adapters/manifests/manifest-folder.ts'
import { openPool } from '../../src/adapters/store/open-pool.ts'
import { createStore, type OpenStore } from '../../src/adapters/store/store.ts'
import type { ChangeCause } from '../../src/domain/change.ts'
import { digestJson } from '../../src/domain/digest.ts'
import type { Json, JsonObject } from '../../src/domain/json.ts'
import type { Compiler } from '../../src/domain/ports/compiler.ts'
import type { ManifestFiles } from '../../src/domain/ports/data.ts'
import type { JobView } from '../../src/domain/ports/pipeline-target.ts'
import type { RowKind, Rows } from '../../src/domain/ports/store.ts'
import type { Target } from '../../src/domain/ports/target.ts'
import type { Job } from '../../src/domain/ports/work.ts'
import { createJudging } from '../../src/judging/judging.ts'
import { createLog } from '../../src/log.ts'
import type { RepositoryBounds } from '../../src/workers/running/bounds.ts'
import { createRunner } from '../../src/workers/running/runner.ts'
import { createSteps } from '../../src/workers/running/steps.ts'
import { createFakeCompiler } from '../fakes/fake-compiler.ts'
import { createFakeHost } from '../fakes/fake-host.ts'
import { createFakeSource } from '../fakes/fake-source.ts'
import { createFakeTarget, type FaultInjection } from '../fakes/fake-target.ts'
import { someCandidate } from '../fakes/rows.ts'

export const repository = 'beans'

export const winnowYaml = (over: { on?: string; environments?: string; parameters?: string } = {}): string =>
  [
    'version: 1',
    'pipelines:',
    '  beans:',
    '    ir: pipelines/beans.json',
    `    parameters: ${over.parameters ?? '{target: Class}'}`,
    '    model: beans',
    '    policy: policies/beans.yaml',
    `    on: ${over.on ?? '{push: {branches: [main], paths: [pipelines/**]}, pullRequest: {plan: true}}'}`,
    'environments:',
    over.environments ?? '  dev: {target: local, endpoint: beans}',
    '',
  ].join('\n')

export const policyYaml = (otherwise = ''): string =>
  `version: 1\nmodel: beans\ngates:\n  good enough: {metric: accuracy, atLeast: 0.9}\n${otherwise}`

export const pipelineJson = (over: JsonObject = {}): string => {
  const parameters = {
    target: { parameterType: 'STRING' },
    budget: { parameterType: 'NUMBER_INTEGER', isOptional: true },
    source: { parameterType: 'LIST', isOptional: true },
  }
  return JSON.stringify({ schemaVersion: '2.1.0', root: { inputDefinitions: { parameters } }, ...over })
}

export const goodFiles = {
  'winnow.yaml': winnowYaml(),
  'policies/beans.yaml': policyYaml(),
  'pipelines/beans.json': pipelineJson(),
}

/** What the next jobs of the target leave behind: how good the model is, or how the job fails. */
export interface JobFate {
  accuracy?: number
  failure?: string
  /** It never ends by itself. */
  endless?: boolean
}

const tables = [
  'change',
  'batch',
  'batch_object',
  'build',
  'run',
  'verdict',
  'release',
  'approval',
  'override',
  'hold',
  'pause',
  'outbox',
  'history',
  'setting',
  'acknowledged',
  'refused',
  'archived',
  'archive_file',
  'feed',
  'refused_message',
  'sighting',
]

/** One database for a file of tests; each walk empties it. */
export const openWalkDatabase = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'winnow-walk-'))
  const pool = await openPool({ folder: join(folder, 'store') })
  return {
    pool,
    folder,
    close: async () => {
      await pool.end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
export type WalkDatabase = Awaited<ReturnType<typeof openWalkDatabase>>

/**
 * The whole walk over the real store and runner, with a fake Git host, compiler and target, in a time that the test
 * moves: `drain` does all jobs in the order of their times until nothing is queued.
 */
export const createWalk = async (
  { pool, folder }: WalkDatabase,
  options: {
    inject?: FaultInjection
    target?: Target
    bounds?: Partial<RepositoryBounds>
    /** Repositories beside the one, and their bounds; the host has the same commits for all. */
    others?: Readonly<Record<string, Partial<RepositoryBounds>>>
    targetLimits?: Readonly<Record<string, number>>
    foreignCompiler?: Compiler
    manifests?: ManifestFiles
    /** The store as the steps see it. */
    store?: (real: OpenStore) => OpenStore
  } = {},
) => {
  let now = 1_000_000
  const store = await createStore(pool, () => now)
  await pool.query(`truncate ${tables.map((table) => `winnow.${table}`).join(', ')}`)
  const host = createFakeHost()
  const { compiler, compiled, gate } = createFakeCompiler((commit, path) =>
    host.host.readFile(repository, commit, path, new AbortController().signal),
  )
  const fake = createFakeTarget(options.inject === undefined ? {} : { inject: options.inject })
  const data = createFakeSource()
  const fate: { next: JobFate } = { next: { accuracy: 0.95 } }
  const ports = {
    store: options.store?.(store) ?? store,
    host: host.host,
    compiler,
    ...(options.foreignCompiler === undefined ? {} : { foreignCompiler: options.foreignCompiler }),
    judging: createJudging(join(folder, 'verdict-evidence')),
    version: '0.0.0-test',
    bounds: (name: string): RepositoryBounds | undefined => {
      const over = name === repository ? (options.bounds ?? {}) : options.others?.[name]
      return over && { defaultBranch: 'main', targets: ['local'], environments: ['dev', 'prod'], ...over }
    },
    target: (name: string) => (name === 'local' ? (options.target ?? fake.target) : undefined),
    isLocal: () => true,
    repositories: [repository, ...Object.keys(options.others ?? {})],
    targetLimit: (name: string) => options.targetLimits?.[name],
    source: () => data.source,
    manifests: options.manifests ?? createManifestFolder(join(folder, 'manifests'), () => true),
  }
  const again: Job[] = []
  const log = createLog('silent')
  const runner = createRunner({
    store,
    queue: { add: async (job) => void again.push(job) },
    steps: createSteps(ports),
    now: () => now,
    log,
  })

  /** Jobs that run end as their fate says, the second time that they are looked at. */
  const endJobs = (): void => {
    for (const [jobId, job] of fake.state.jobs) {
      if (job.view.state !== 'running' || fate.next.endless) continue
      const { accuracy, failure } = fate.next
      const view: JobView =
        failure !== undefined
          ? { state: 'failed', error: failure, details: [`train: ${failure}`], tasks: [] }
          : { state: 'succeeded', error: null, details: [], tasks: [] }
      job.view = view
      fake.state.candidate = { ...someCandidate, model: `models/of-${jobId}` }
      const source = { kind: 'system.Metrics', name: `file:///metrics/${jobId}`, task: 'evaluate' } as const
      fake.state.observations = accuracy === undefined ? [] : [{ source, slice: null, metrics: { accuracy } }]
    }
  }

  const signal = new AbortController().signal
  const drain = async (limits: { jobs?: number; until?: number } = {}): Promise<number> => {
    let done = 0
    for (; done < (limits.jobs ?? 500); done++) {
      const entries = [...(await store.outbox(500))].sort(
        (a, b) => (a.at ?? 0) - (b.at ?? 0) || a.sequence - b.sequence,
      )
      const entry = entries[0]
      const job = entry?.job ?? again.shift()
      if (job === undefined) return done
      if (entry !== undefined) {
        if (limits.until !== undefined && (entry.at ?? 0) > limits.until) return done
        now = Math.max(now + 1, entry.at ?? 0)
        await store.removeFromOutbox([entry.sequence])
      }
      // A real target needs its time, whatever the walk's own clock says.
      if (options.target !== undefined && entry?.at) await pause(20)
      await runner.handle(job, signal)
      if (job.step === 'watch') endJobs()
    }
    if (limits.jobs === undefined) throw new Error('the walk never ends')
    return done
  }

  let delivery = 0
  const record = async (cause: ChangeCause, key = `delivery-${++delivery}`, of = repository) => {
    if (cause.kind === 'data') data.hear(cause)
    const { change } = await store.recordChange({
      repository: of,
      cause,
      ...(cause.kind === 'push' ? { ref: cause.ref } : {}),
      author: 'somebody',
      dedupeKey: key,
      bodyDigest: digestJson(cause as unknown as Json),
      receivedAt: now,
      state: 'recorded',
      reason: '',
      faults: [],
      batch: null,
      nextAt: null,
    })
    return change.id
  }
  const push = (commit: string, over: { ref?: string; before?: string; deleted?: boolean } = {}) =>
    record({ kind: 'push', ref: 'refs/heads/main', before: '0'.repeat(40), commit, deleted: false, ...over })
  const get = async <K extends RowKind>(kind: K, id: number): Promise<Rows[K]> => {
    const row = await store.get(kind, id)
    if (row === undefined) throw new Error(`there is no ${kind} ${id}`)
    return row
  }
  return {
    ...ports,
    /** The store itself, with what the runner and the reconciler need of it. */
    real: store,
    state: fake.state,
    data,
    fate,
    compiled,
    gate,
    handle: (job: Job) => runner.handle(job, signal),
    commit: host.commit,
    heads: host.heads,
    pulls: host.pulls,
    tags: host.tags,
    drain,
    record,
    push,
    get,
    endpoint: () => fake.state.endpoints.get('endpoints/beans'),
    now: () => now,
    pass: (ms: number) => {
      now += ms
    },
  }
}
export type Walk = Awaited<ReturnType<typeof createWalk>>
