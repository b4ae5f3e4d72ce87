import type { ApprovalRow } from './approval.ts'
import type { Batch, DataObject } from './batch.ts'
import type { Build, PipelineSource } from './build.ts'
import type { Change } from './change.ts'
import type { Digest } from './digest.ts'
import type { ModelVersion, Observation, RunTable } from './evidence.ts'
import type { Hold } from './hold.ts'
import type { Json, JsonObject } from './json.ts'
import type { Override } from './override.ts'
import type { Pause } from './pause.ts'
import type { Release } from './release.ts'
import type { Run, TaskView } from './run.ts'
import type { Duration, Time } from './time.ts'
import type { Verdict } from './verdict.ts'

/** The rows of the store that move through states. `version` counts up by one with every write. */
export interface Rows {
  readonly change: Change
  readonly batch: Batch
  readonly build: Build
  readonly run: Run
  readonly verdict: Verdict
  readonly release: Release
  readonly approval: ApprovalRow
  readonly override: Override
  readonly hold: Hold
  readonly pause: Pause
}
export type RowKind = keyof Rows
export type NewRow<K extends RowKind> = Omit<Rows[K], 'id' | 'version'>

/** The steps of the walk; each has one file in workers/ and acts on one kind of row. */
export const steps = {
  match: 'change',
  gather: 'batch',
  build: 'run',
  launch: 'run',
  watch: 'run',
  judge: 'verdict',
  release: 'release',
  expire: 'pause',
} as const satisfies Record<string, RowKind>
export type Step = keyof typeof steps

export interface HistoryEntry {
  readonly at: Time
  readonly kind: RowKind
  readonly id: number
  readonly from: string | null
  readonly to: string
  /** Who did it: `winnow`, or a person's name. */
  readonly by: string
  readonly why: string
}

/** Columns that a list can be narrowed by; equality only. An array means any of them. */
export type Where<K extends RowKind> = {
  readonly [C in keyof Rows[K]]?: Rows[K][C] extends string | number | null | undefined
    ? Rows[K][C] | readonly Exclude<Rows[K][C], null | undefined>[]
    : never
}

/** What batches have gathered: beside their rows, so that one object more costs the same however many there are. */
interface BatchObjects {
  /** What a batch has at these addresses. */
  objectsAt(batch: number, uris: readonly string[]): Promise<readonly DataObject[]>
  /** What a batch has, page by page: after the address that ended the page before, in an order of the store's own. */
  objectsOf(batch: number, limit: number, after?: string): Promise<readonly DataObject[]>
}

export interface Reading extends BatchObjects {
  get<K extends RowKind>(kind: K, id: number): Promise<Rows[K] | undefined>
  /** Newest first unless told otherwise. `limit` defaults to 100. */
  list<K extends RowKind>(
    kind: K,
    where?: Where<K>,
    limit?: number,
    order?: 'newest' | 'oldest',
  ): Promise<readonly Rows[K][]>
}

/**
 * Raised where the row has moved on (`update`), or where another row has the key that only one may have (`insert`,
 * `update`): somebody else did the step. The transaction is rolled back; reading again shows what there is to do now.
 */
export class StaleRow extends Error {
  override readonly name = 'StaleRow'
}

export interface Transaction extends Reading {
  insert<K extends RowKind>(kind: K, row: NewRow<K>): Promise<Rows[K]>
  /** Writes all columns of `row` if the stored version is still `row.version`, else throws StaleRow. Returns it with its new version. */
  update<K extends RowKind>(kind: K, row: Rows[K]): Promise<Rows[K]>
  /** Puts objects into a batch, each in the place of what is there at its address; the batch's sums are the caller's. */
  putObjects(batch: number, objects: readonly DataObject[]): Promise<void>
  /** Takes what a batch has at an address out of it. */
  removeObject(batch: number, uri: string): Promise<void>
  /** Outbox: after the commit the step is queued for the row at the version that this transaction leaves. `at` delays it. */
  enqueue(step: Step, id: number, at?: Time): Promise<void>
  record(entry: HistoryEntry): Promise<void>
  /** Whether a run of this identity is in an archive: its job id is used up. */
  isArchivedIdentity(identity: Digest): Promise<boolean>
  /** Until the transaction ends, any other that locks the same name waits here; what is read afterwards is what it left. */
  lock(name: string): Promise<void>
}

/**
 * The store is the truth. Guarantees: a transaction is applied whole or not at all, and is durable when its promise
 * resolves; an outbox entry is relayed to the queue at least once.
 */
export interface Store extends Reading {
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /**
   * The change is stored with its `match` job unless its dedupe key is known, or its push has been told already
   * (isToldAlready); then the known one comes back.
   */
  recordChange(change: NewRow<'change'>): Promise<{ readonly change: Change; readonly duplicate: boolean }>
  /** The row with a key that only one may have, inserted if there was none. */
  buildByKey(row: NewRow<'build'>): Promise<Build>
  /** Takes a row for one owner until `until`: bumps its version if it still is `version` and no lease is alive. Undefined: somebody else has it, or it moved on. */
  claim<K extends RowKind>(kind: K, id: number, version: number, until: Time): Promise<Rows[K] | undefined>
  /**
   * Prolongs the lease of the claim that returned the row at `version`, however often the row was written since.
   * False: the lease was lost to another owner.
   */
  extend(kind: RowKind, id: number, version: number, until: Time): Promise<boolean>
  history(kind: RowKind, id: number): Promise<readonly HistoryEntry[]>
  /** How many changes ended in each state; the sum is the number of changes. */
  countChanges(): Promise<Readonly<Record<string, number>>>
  /** What turned out to be true of answers; a second label of a request takes the place of the first. Kept for 90 days. */
  recordFeedback(place: FeedbackPlace, labels: readonly RequestLabels[], at: Time): Promise<void>
  /** The newest of it, 200,000 requests at most. */
  feedback(place: FeedbackPlace): Promise<readonly RequestLabels[]>
  /** One setting, for small durable facts such as a folder's last listing. */
  readSetting(key: string): Promise<Json | undefined>
  writeSetting(key: string, value: Json): Promise<void>
}

/** Public keys by which tokens are checked, as JSON Web Keys. */
export interface KeySet {
  readonly keys: readonly { readonly kty: string; readonly kid: string }[]
}

/**
 * The keys of who signs tokens, among them the one of this id where there is one; held for as long as their owner says.
 * Fault: source_unavailable, where they cannot be had.
 */
export type SigningKeys = (keyId: string) => Promise<KeySet>

/** An endpoint of a target, by its resource name. */
interface FeedbackPlace {
  readonly target: string
  readonly endpoint: string
}

export interface RequestLabels {
  /** As the answer called its request. */
  readonly request: string
  /** One for each instance, in their order: the class, or the number; null where it is not known. */
  readonly labels: readonly Json[]
}

/** A row that waits for its step. */
export interface DueRow {
  readonly id: number
  readonly version: number
  readonly state: string
  /** Whose work it is. */
  readonly lane: string
}

/** A step that a committed transaction asked for and that the queue has not been given yet. */
export interface OutboxEntry {
  readonly sequence: number
  readonly job: Job
  /** When to do it; null for at once. */
  readonly at: Time | null
  /** Whose work it is. */
  readonly lane: string
}

/** A row whose step met a fault that no repetition can mend: it rests until it is written, or Winnow starts again. */
export interface ParkedRow {
  readonly kind: RowKind
  readonly id: number
  readonly message: string
}

/**
 * What the runner, the relay and the reconciler need of the store besides. A claim is named by the version that `claim`
 * returned; each of these does nothing, and says so, once the claim was lost.
 */
export interface WorkLedger {
  /** Ends a claim without writing the row. */
  unclaim(kind: RowKind, id: number, version: number): Promise<boolean>
  /**
   * Ends a claim whose step failed for a reason that may pass: counts the failures in a row, sets `nextAt` (and
   * `failures`, for rows that have it) and puts the step into the outbox for then.
   */
  postpone(
    step: Step,
    id: number,
    version: number,
    at: (failures: number) => Time,
  ): Promise<{ readonly failures: number; readonly at: Time } | undefined>
  /** Ends a claim with the message for a person; history says it too. The row is not due any more. */
  park(kind: RowKind, id: number, version: number, message: string): Promise<boolean>
  parked(): Promise<readonly ParkedRow[]>
  /** Parked rows are due again; the number of them. For a start: what was wrong may have been mended. */
  unparkAll(): Promise<number>
  /** Ends all claims. Only where no other process can hold one, as over an embedded store. */
  voidLeases(): Promise<number>
  /**
   * Rows in these states that nobody works on, untouched since `before`, whose `nextAt` has come, oldest first; `skip`
   * leaves out so many.
   */
  due(kind: RowKind, states: readonly string[], before: Time, limit: number, skip?: number): Promise<readonly DueRow[]>
  /** The first entry of each lane, then the second of each, and so on. */
  outbox(limit: number): Promise<readonly OutboxEntry[]>
  removeFromOutbox(sequences: readonly number[]): Promise<void>
  /** Calls back after each transaction of this process that left outbox entries; returns how to stop that. */
  onEnqueued(listener: () => void): () => void
}

/** A job says which row at which version; the worker reads the rest from the store. */
export interface Job {
  readonly step: Step
  readonly id: number
  readonly version: number
}

/** The queue is a hint: losing it costs time, never a change. `add` with the same job is one job while it lives. */
export interface Queue {
  /** Jobs with a smaller `turn` are done first, and those without one before them all. */
  add(job: Job, delay: Duration, turn?: number): Promise<void>
  /** The turn of the job that comes next; 0 where none with a turn waits. */
  front(): Promise<number>
  /** Starts handing jobs to `handle`; a handler that throws is logged, and the reconciler brings its row back. */
  work(handle: (job: Job, signal: AbortSignal) => Promise<void>, concurrency: number): Promise<void>
  /** Stops taking jobs and waits for those under way. */
  close(): Promise<void>
}

/** A branch or a tag of a repository. */
export interface RefHead {
  /** Full ref, `refs/heads/main`. */
  readonly ref: string
  readonly commit: string
  /** What the ref itself points at: of an annotated tag the tag, else the commit. */
  readonly object: string
}

/**
 * How one commit stands to another in history: `forward` where it comes after the other, `back` where it comes before,
 * `aside` where both come after their `base`. `unknown` where history does not say, or not within its bounds.
 */
export type Standing =
  | { readonly way: 'same' | 'forward' | 'back' | 'unknown' }
  | { readonly way: 'aside'; readonly base: string }

/** What Winnow may read of a Git host's repository. Commits are full hashes. */
export interface RepositoryHost {
  /** Every branch and tag, as they stand now. */
  refs(repository: string, signal: AbortSignal): Promise<readonly RefHead[]>
  /** What the author wrote about a commit. */
  message(repository: string, commit: string, signal: AbortSignal): Promise<string>
  /** The commit that a branch points at now. */
  head(repository: string, branch: string, signal: AbortSignal): Promise<string>
  /** A file of a commit, or undefined where the commit has none at that path. */
  readFile(repository: string, commit: string, path: string, signal: AbortSignal): Promise<string | undefined>
  /** Paths of a commit's files that have this name, in whatever folder; sorted. */
  filesNamed(repository: string, commit: string, name: string, signal: AbortSignal): Promise<readonly string[]>
  /** Digest of the tree of a commit: the same files, the same digest. */
  treeDigest(repository: string, commit: string, signal: AbortSignal): Promise<Digest>
  /**
   * Fetches the head of a pull request from the repository itself, never from the fork; true where it is at `commit`.
   * Fault `checkout_refused` where the host shows no such heads.
   */
  fetchPullRequest(repository: string, number: number, commit: string, signal: AbortSignal): Promise<boolean>
  /** How `commit` stands to `before`. A host that cannot be asked, or that has lost one of them, is `unknown`. */
  standing(repository: string, before: string, commit: string, signal: AbortSignal): Promise<Standing>
  /** Paths that differ between two commits; all of the commit's where `before` is all zeros or unknown. */
  changedPaths(repository: string, before: string, commit: string, signal: AbortSignal): Promise<readonly string[]>
  /** Lays the exact commit into a fresh folder; the caller disposes of it. */
  checkout(
    repository: string,
    commit: string,
    signal: AbortSignal,
  ): Promise<AsyncDisposable & { readonly folder: string }>
}

export type CompileResult =
  | { readonly ok: true; readonly ir: JsonObject; readonly irDigest: Digest; readonly log: string }
  | { readonly ok: false; readonly error: string; readonly details: readonly string[]; readonly log: string }

/** Compiles a source in a checkout to KFP IR. A pipeline that does not compile is a value; a machine that cannot compile is a Fault. */
export interface Compiler {
  /** Digest of what decides the result besides the sources: the compiler's version and the requirements' lock. */
  fingerprint(source: PipelineSource, readFile: (path: string) => Promise<string | undefined>): Promise<Digest>
  compile(folder: string, source: PipelineSource, signal: AbortSignal): Promise<CompileResult>
}

export interface LaunchRequest {
  readonly jobId: string
  readonly displayName: string
  readonly ir: JsonObject
  readonly parameters: JsonObject
  readonly labels: Readonly<Record<string, string>>
}

export interface JobView {
  readonly state: 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'missing'
  readonly error: string | null
  readonly details: readonly string[]
  readonly tasks: readonly TaskView[]
}

/** Where runs execute. Faults are `target_unavailable` (retryable) or `target_refused` (not). */
export interface PipelineTarget {
  /** Creates the job, or adopts the one that has this id. */
  launch(request: LaunchRequest, signal: AbortSignal): Promise<void>
  inspect(jobId: string, signal: AbortSignal): Promise<JobView>
  cancel(jobId: string, signal: AbortSignal): Promise<void>
  /** The text at a URI that a job's task named, such as a log; undefined where there is none. */
  readText(uri: string, signal: AbortSignal): Promise<string | undefined>
}

/** A started operation: done at once with its result, or to be asked for by name. */
export type Operation<T> = { readonly done: true; readonly result: T } | { readonly done: false; readonly name: string }

export interface DeployedModel {
  readonly id: string
  readonly model: string
  readonly modelVersion: string
  readonly displayName: string
}
export interface EndpointView {
  readonly name: string
  readonly displayName: string
  readonly deployed: readonly DeployedModel[]
  /** Deployed model id → percent; sums to 100, or is empty. */
  readonly split: Readonly<Record<string, number>>
}

/** The model registry of a target. */
export interface ModelRegistry {
  /** The candidate that a finished job made: its model artifact, resolved to a version. Undefined where it made none. */
  candidate(tasks: readonly TaskView[], signal: AbortSignal): Promise<ModelVersion | undefined>
  /** All that the run left about its quality: the candidate's evaluations and their slices, and the tasks' metrics artifacts. */
  observations(
    tasks: readonly TaskView[],
    candidate: ModelVersion | undefined,
    signal: AbortSignal,
  ): Promise<readonly Observation[]>
  /** The tables that the run left: by what its artifacts are called, and beside the candidate's evaluation. */
  tables(
    tasks: readonly TaskView[],
    candidate: ModelVersion | undefined,
    signal: AbortSignal,
  ): Promise<readonly RunTable[]>
  /**
   * The version of model `name` that stands for the candidate, made if there is none yet: asking twice makes one. Where
   * it takes an operation, wait until that is done and ask again: the version will be found.
   */
  register(name: string, candidate: ModelVersion, key: string, signal: AbortSignal): Promise<Operation<ModelVersion>>
  /** Moves aliases to exactly this version. */
  alias(version: ModelVersion, aliases: readonly string[], signal: AbortSignal): Promise<void>
  models(signal: AbortSignal): Promise<readonly ModelVersion[]>
}

export interface ScoreRequest {
  /** Names the batch: asking again with the same key finds the one that was started. */
  readonly key: string
  readonly model: ModelVersion
  readonly uri: string
  readonly format: 'csv' | 'jsonl'
  /** Columns that the model is not given; they come back beside its answer. */
  readonly without: readonly string[]
}

/** `name` is the target's own name of the batch. */
export type Scoring = { readonly name: string } & (
  | { readonly state: 'running' }
  /** One line an example, `{instance, prediction}` as JSON, in the files of `uri`. */
  | { readonly state: 'done'; readonly uri: string }
  | { readonly state: 'failed'; readonly reason: string }
)

/** Answers of a registered model to examples in a file. */
export interface ModelScorer {
  /** Starts the batch of this key, or finds it, and says how it stands: ask until it has ended. Never started twice. */
  score(request: ScoreRequest, signal: AbortSignal): Promise<Scoring>
}

/** How a model serves, asked one instance a request. */
export interface ServingMeasurement {
  /** Milliseconds of each request that was answered, in the order of their ends. */
  readonly latencies: Float64Array
  readonly asked: number
  /** From the first request to the last answer, milliseconds. */
  readonly lasted: number
  /** Why the first of those that were not answered was not. */
  readonly problem: string | null
}

export interface ServingLoad {
  readonly requests: number
  /** Requests under way at any time. */
  readonly concurrency: number
  /** No request begins later than this. */
  readonly longest: Duration
}

export interface ServingProbe {
  /**
   * Serves the version where nobody else asks it, asks `instances` in turn, and takes it down again. `key` names what is
   * made for it, so that a crash between leaves nothing that the next call with the same key does not take up.
   */
  measureServing(
    model: ModelVersion,
    instances: readonly Json[],
    load: ServingLoad,
    key: string,
    signal: AbortSignal,
  ): Promise<ServingMeasurement>
}

/** What runs left, as files of this machine. */
export interface ArtifactFiles {
  /** The paths of the files at an address, sorted; undefined where the target's files cannot be read from here. */
  files(uri: string, signal: AbortSignal): Promise<readonly string[] | undefined>
}

/** A request to an endpoint, as it was logged. */
export interface LiveRequest {
  /** What the answer called it; labels that become known later name it. */
  readonly id: string
  readonly at: Time
  readonly deployedModel: string
  /** Whether it was answered. */
  readonly ok: boolean
  /** From its arrival to the answer, milliseconds; null where that was not logged. */
  readonly latency: number | null
  /** One for each instance; null where they were not logged. */
  readonly predictions: readonly Json[] | null
}

/** What was logged of an endpoint's requests; or why that cannot be told. */
export type LoggedRequests =
  | {
      readonly ok: true
      readonly requests: readonly LiveRequest[]
      /** Only requests that were answered are logged: how many were not, nothing tells. */
      readonly answeredOnly?: boolean
    }
  | { readonly ok: false; readonly reason: string }

/** What an endpoint is asked, and what it answers. */
export interface RequestLog {
  /** From now on its requests are logged, where the target can do that; nothing is changed where they are already. */
  logRequests(endpoint: string, signal: AbortSignal): Promise<void>
  /** The requests since then, oldest first, the newest 200,000 at most; or why they cannot be told. */
  requests(endpoint: string, since: Time, signal: AbortSignal): Promise<LoggedRequests>
}

/** Requests, by how many they are and the names of the first. */
export interface NamedRequests {
  readonly count: number
  readonly first: readonly string[]
}

/** Of labels that were told, those that come to nothing, or to something odd, by the requests that are logged so far. */
export interface LabelCheck {
  /** No request of this name is logged (yet). */
  readonly unknown: NamedRequests
  /** It was not answered, or its answer was not logged. */
  readonly unanswered: NamedRequests
  /** It had another number of instances. */
  readonly otherNumber: NamedRequests
  /** A label that is none of the classes that the model knows, or no number: counted as a wrong answer, or not at all. */
  readonly foreign: NamedRequests
}

/** A question in SQL to a warehouse of tables. */
export interface SqlQuestion {
  readonly sql: string
  /** By name, as `@name` in the text; numbers as texts. */
  readonly parameters: Readonly<Record<string, { readonly type: 'INT64' | 'STRING'; readonly value: string }>>
  /** What it is about; named in faults. */
  readonly address: string
}

/** Null where there is nothing; a list of a column that repeats. */
export type SqlCell = string | null | readonly (string | null)[]

export interface Warehouse {
  /** The rows of the answer, in its order. Faults: source_unavailable (retryable), source_refused (not). */
  ask(question: SqlQuestion, signal: AbortSignal): Promise<readonly (readonly SqlCell[])[]>
}

/** What was measured of the models on an endpoint, by their ids there and by metric without `live.`; or why nothing was. */
export type LiveFigures =
  | { readonly ok: true; readonly models: Readonly<Record<string, Readonly<Record<string, number>>>> }
  | { readonly ok: false; readonly reason: string }

/** Serving of a target. Every change of traffic names the whole split. */
export interface Serving {
  findEndpoint(name: string, signal: AbortSignal): Promise<EndpointView | undefined>
  createEndpoint(name: string, signal: AbortSignal): Promise<Operation<EndpointView>>
  endpoint(resource: string, signal: AbortSignal): Promise<EndpointView | undefined>
  endpoints(signal: AbortSignal): Promise<readonly EndpointView[]>
  /** Deploys at zero traffic; the split of the others stays as it is. `key` is kept on the deployed model and found again. */
  deploy(endpoint: string, model: ModelVersion, key: string, signal: AbortSignal): Promise<Operation<DeployedModel>>
  split(endpoint: string, split: Readonly<Record<string, number>>, signal: AbortSignal): Promise<void>
  undeploy(endpoint: string, deployedModel: string, signal: AbortSignal): Promise<Operation<null>>
  predict(
    endpoint: string,
    instances: readonly Json[],
    parameters: Json,
    signal: AbortSignal,
  ): Promise<{
    readonly predictions: readonly Json[]
    readonly deployedModel: string
    /** By which labels are given later; null where the target names none. */
    readonly request: string | null
  }>
}

/** An operation that was started, here or before a crash. One that the target has forgotten is done: look at what it made. */
export interface OperationView {
  readonly done: boolean
  readonly error: string | null
}

interface Operations {
  operation(name: string, signal: AbortSignal): Promise<OperationView>
}

export interface Target
  extends PipelineTarget,
    ModelRegistry,
    Serving,
    Operations,
    ModelScorer,
    ServingProbe,
    RequestLog,
    ArtifactFiles {}

/** Where data lies: folders, buckets, tables. Faults are `source_unavailable` (retryable) or `source_refused` (not). */
export interface DataSource {
  /** Objects that match the address and are complete now: not growing, not being written. */
  list(uri: string, signal: AbortSignal): Promise<readonly DataObject[]>
  /** The object as it is now; undefined where there is none. */
  find(uri: string, signal: AbortSignal): Promise<DataObject | undefined>
  /** False where nothing here can look at the address, so that list and find would refuse. Without it all are looked at. */
  reads?(uri: string): boolean
}

/** Where the manifests of runs are kept, so that their pipelines can read them. */
export interface ManifestFiles {
  /** The address that a file of this name has for runs on a target; undefined where none can be written for them. */
  address(target: string, name: string): string | undefined
  /** Writes the file at an address of these, whole or not at all; writing it again changes nothing. */
  write(address: string, text: string, signal: AbortSignal): Promise<void>
}
