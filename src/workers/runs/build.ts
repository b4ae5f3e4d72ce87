import { type Build, nextBuild } from '../../domain/build.ts'
import { type Digest, digestJson, shortDigest } from '../../domain/digest.ts'
import { Fault, isFault } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import type { CompileResult, Compiler } from '../../domain/ports/compiler.ts'
import type { RepositoryHost } from '../../domain/ports/host.ts'
import type { Store, Transaction } from '../../domain/ports/store.ts'
import { nextRun, type Run } from '../../domain/run.ts'
import type { Duration, Time } from '../../domain/time.ts'
import type { StepContext, StepFunction } from '../running/step.ts'
import { move } from '../running/transitions.ts'
import { waitsForPause } from './pause-gate.ts'

export interface BuildPorts {
  readonly store: Store
  readonly host: RepositoryHost
  readonly compiler: Compiler
  /** For code that nobody has trusted; without it none is compiled. */
  readonly foreignCompiler?: Compiler
}

/** How long a build belongs to who compiles it without a sign of life, and how often that sign is given. */
const lease: Duration = 20_000
const leaseSign: Duration = 5_000
/** How soon a run that waits for another's build looks again. */
const waitPoll: Duration = 1_000

/**
 * A wanted run → built: compiled now, by another run at this moment, or long ago from the same sources. A source that
 * does not compile ends the run with what the compiler said.
 */
export const createBuildStep =
  (ports: BuildPorts): StepFunction<'run'> =>
  async (run, context) => {
    if (run.state !== 'wanted') return
    if (run.cancelRequested) return ports.store.transaction((tx) => cancel(tx, run, context.now()))
    // A plan launches nothing.
    if (run.mode !== 'plan' && (await waitsForPause(ports.store, run, context))) return
    try {
      const compiler = await compilerFor(ports, run)
      const build = await findBuild(ports, run, compiler, context.signal)
      await compileOrWait({ ...ports, compiler: compiler.compiler }, run, build, context)
    } catch (error) {
      if (!isFault(error) || error.retryable) throw error
      const at = context.now()
      await ports.store.transaction((tx) => failRun(tx, run, error.message, error.details, at))
    }
  }

interface ChosenCompiler {
  readonly compiler: Compiler
  readonly foreign: boolean
}

/** What a stranger's code left behind is never taken for what ours gives, though the files be the same. */
const compilerFor = async (ports: BuildPorts, run: Run): Promise<ChosenCompiler> => {
  const cause = (await ports.store.get('change', run.change))?.cause
  const foreign = cause?.kind === 'pullRequest' && cause.fork
  if (!foreign) return { compiler: ports.compiler, foreign }
  if (ports.foreignCompiler !== undefined && run.mode === 'plan') return { compiler: ports.foreignCompiler, foreign }
  throw new Fault('compile_failed', 'The code of a fork is compiled in a sandbox or not at all', {
    remedy: 'give the repository forks: sandbox in the config of every worker',
  })
}

const findBuild = async (
  { store, host }: BuildPorts,
  run: Run,
  { compiler, foreign }: ChosenCompiler,
  signal: AbortSignal,
): Promise<Build> => {
  const readFile = (path: string) => host.readFile(run.repository, run.commit, path, signal)
  const tree = await host.treeDigest(run.repository, run.commit, signal)
  const fingerprint = await compiler.fingerprint(run.source, readFile)
  const key: Digest = digestJson({
    tree,
    source: run.source as unknown as Json,
    compiler: fingerprint,
    ...(foreign ? { foreign } : {}),
  })
  return store.buildByKey({
    key,
    repository: run.repository,
    source: run.source,
    state: 'wanted',
    ir: null,
    irDigest: null,
    error: null,
    details: [],
    log: '',
    startedAt: null,
    endedAt: null,
  })
}

const compileOrWait = async (ports: BuildPorts, run: Run, build: Build, context: StepContext): Promise<void> => {
  const { store } = ports
  const at = context.now()
  if (build.state === 'compiled' || build.state === 'failed')
    return store.transaction((tx) => finishRun(tx, run, build, at))
  const claimed = await store.claim('build', build.id, build.version, at + lease)
  if (claimed !== undefined) return compile(ports, run, claimed, context)
  await store.transaction(async (tx) => {
    await tx.update('run', { ...run, reason: `waits for build ${build.id}`, nextAt: at + waitPoll })
    await tx.enqueue('build', run.id, at + waitPoll)
  })
}

const compile = async (ports: BuildPorts, run: Run, claimed: Build, context: StepContext): Promise<void> => {
  const { store, host, compiler } = ports
  const started = nextBuild(claimed, { kind: 'start', at: context.now() })
  if (started === undefined) return
  const compiling = await store.transaction((tx) =>
    move(tx, 'build', claimed, started, `for run ${run.id}`, context.now()),
  )
  const sign = setInterval(() => {
    store.extend('build', claimed.id, claimed.version, context.now() + lease).catch((error: unknown) => {
      context.log.warn({ build: claimed.id, error }, 'the lease of a build was not prolonged')
    })
  }, leaseSign)
  let result: CompileResult
  try {
    await using checkout = await host.checkout(run.repository, run.commit, context.signal)
    result = await compiler.compile(checkout.folder, run.source, context.signal)
  } finally {
    clearInterval(sign)
  }
  const at = context.now()
  const { log } = result
  const ended = nextBuild(
    compiling,
    result.ok
      ? { kind: 'compiled', at, ir: result.ir, irDigest: result.irDigest, log }
      : { kind: 'failed', at, error: result.error, details: result.details, log },
  )
  if (ended === undefined) return
  await store.transaction(async (tx) => {
    const why = ended.irDigest === null ? (ended.error ?? 'failed') : `compiled to ${shortDigest(ended.irDigest)}`
    await finishRun(tx, run, await move(tx, 'build', compiling, ended, why, at), at)
  })
  context.log.info({ run: run.id, build: claimed.id, state: ended.state }, 'build ended')
}

const finishRun = async (tx: Transaction, run: Run, build: Build, at: Time): Promise<void> => {
  if (build.irDigest === null) return failRun(tx, run, build.error ?? `build ${build.id} failed`, build.details, at)
  const built = nextRun(run, { kind: 'built', build: build.id })
  if (built === undefined) return
  const why = `build ${build.id}, ${shortDigest(build.irDigest)}`
  if (run.mode === 'plan') {
    const reason = `it compiles (${why}); a plan launches nothing`
    const planned = nextRun(built, { kind: 'planned', reason, at })
    if (planned !== undefined) await move(tx, 'run', run, planned, reason, at)
    return
  }
  await move(tx, 'run', run, { ...built, reason: '', failures: 0, nextAt: at }, why, at)
  await tx.enqueue('launch', run.id)
}

const cancel = async (tx: Transaction, run: Run, at: Time): Promise<void> => {
  const reason = 'cancelled before it was built'
  const cancelled = nextRun(run, { kind: 'ended', state: 'cancelled', reason, details: [], tasks: [], at })
  if (cancelled !== undefined) await move(tx, 'run', run, cancelled, reason, at)
}

const failRun = async (
  tx: Transaction,
  run: Run,
  reason: string,
  details: readonly string[],
  at: Time,
): Promise<void> => {
  const failed = nextRun(run, { kind: 'buildFailed', reason, details, at })
  if (failed !== undefined) await move(tx, 'run', run, failed, reason, at)
}
