import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { openEmbeddedPool } from '../src/adapters/store/embedded-pool.ts'
import { clientsOf, parent } from '../test/platform/site.ts'
import {
  aboutData,
  aboutPullRequest,
  aboutPush,
  aboutRelease,
  aboutRequest,
  aboutTick,
  aboutUpstream,
  aboutWorsened,
  objectKey,
} from './about.ts'
import { type BookedChange, type BookedRun, type Books, openRunStates, type Report } from './booked.ts'

/** Reads tables as anybody with SQL could: not through the store, whose word is what is tested. */
export interface Reader {
  query(text: string): Promise<{ readonly rows: readonly Row[] }>
  end(): Promise<void>
}
// biome-ignore lint/suspicious/noExplicitAny: rows are looked at as they come
type Row = any

export const openReader = async (databaseUrl: string | undefined, dataFolder: string): Promise<Reader> => {
  if (databaseUrl === undefined) return (await openEmbeddedPool(join(dataFolder, 'store'))) as unknown as Reader
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 })
  // PostgreSQL is restarted under it.
  pool.on('error', () => {})
  return pool
}

/** `causedBy` says what the change of a run was about: who waits for a pipeline knows that, and not the run's number. */
const aboutOf = (cause: Row, causedBy: (run: number) => string): string => {
  switch (cause.kind) {
    case 'push':
      return aboutPush(cause.ref, cause.before, cause.commit)
    case 'pullRequest':
      return aboutPullRequest(cause.number, cause.action, cause.commit)
    case 'release':
      return aboutRelease(cause.ref, cause.action)
    case 'data':
      return aboutData(cause.uri, cause.event, cause.uri.startsWith('file:') ? '' : cause.generation)
    case 'request':
      return aboutRequest(cause.pipeline, cause.by, cause.parameters)
    case 'schedule':
      return aboutTick(cause.pipeline, cause.cron, cause.timezone, cause.slot)
    case 'drift':
    case 'degraded':
      return aboutWorsened(cause.kind, cause.model, cause.environment, cause.metric, cause.at)
    case 'upstream':
      return aboutUpstream(cause.pipeline, causedBy(cause.run))
    default:
      return `${cause.kind} ${JSON.stringify(cause)}`
  }
}

/** Everything that the account is drawn from, but for what the platform and the API say. */
export const readBooks = async (reader: Reader): Promise<Omit<Books, 'jobs' | 'sum' | 'report'>> => {
  const table = async (name: string): Promise<readonly Row[]> =>
    (await reader.query(`select * from winnow.${name} order by id`)).rows
  const { rows } = await reader.query(
    `select row_id, count(*) as count from winnow.history
     where kind = 'change' and from_state = 'recorded' and to_state <> 'recorded' group by row_id`,
  )
  const endings = new Map(rows.map(({ row_id, count }) => [Number(row_id), Number(count)]))
  const { rows: launches } = await reader.query(
    `select row_id, min(at) as at from winnow.history where kind = 'run' and to_state = 'launching' group by row_id`,
  )
  const launchedAt = new Map(launches.map(({ row_id, at }) => [Number(row_id), Number(at)]))
  const [changeRows, runRows] = [await table('change'), await table('run')]
  const causes = new Map(changeRows.map(({ id, document }) => [Number(id), document.cause]))
  const changesOfRuns = new Map(runRows.map(({ id, change }) => [Number(id), Number(change)]))
  const causedBy = (run: number): string => {
    const cause = causes.get(changesOfRuns.get(run) ?? 0)
    return cause === undefined ? `run ${run}, which is not there` : aboutOf(cause, causedBy)
  }
  const changes = changeRows.map(({ id, state, repository, batch, document }): BookedChange => {
    const { cause, sender } = document
    return {
      id: Number(id),
      repository,
      about: aboutOf(cause, causedBy),
      sender: sender ?? '',
      state,
      batch: numberOf(batch),
      endings: endings.get(Number(id)) ?? 0,
    }
  })
  const runs = runRows.map(
    ({ id, state, change, repository, batch, identity, job_id: jobId, manifest }): BookedRun => ({
      id: Number(id),
      change: Number(change),
      repository,
      batch: numberOf(batch),
      state,
      identity,
      jobId,
      launchedAt: launchedAt.get(Number(id)) ?? null,
      manifest: manifest.map(({ uri, generation }: Row) => objectKey(uri, generation)),
    }),
  )
  const batches = (await table('batch')).map(({ id, state }) => ({ id: Number(id), state }))
  const verdicts = (await table('verdict')).map(({ id, state }) => ({ id: Number(id), state }))
  const pauses = (await table('pause')).map(({ id, repository, state }) => ({ id: Number(id), repository, state }))
  const { rows: refusedMessages } = await reader.query('select source, id, reason from winnow.refused_message')
  return { changes, runs, batches, verdicts, pauses, refusedMessages: refusedMessages as Books['refusedMessages'] }
}

const numberOf = (value: Row): number | null => (value === null ? null : Number(value))

/** How much is still to be done: rows in states that ask for work, and what has not reached the queue; and how many changes there are. */
export const countOpen = async (reader: Reader): Promise<{ readonly open: number; readonly changes: number }> => {
  const { rows } = await reader.query(`
    select (select count(*) from winnow.change) as changes,
           (select count(*) from winnow.change where state = 'recorded')
         + (select count(*) from winnow.batch where state = 'open')
         + (select count(*) from winnow.run where state in ('wanted', 'built', 'launching', 'running'))
         + (select count(*) from winnow.verdict where state = 'pending')
         + (select count(*) from winnow.pause where state = 'paused')
         + (select count(*) from winnow.outbox) as open`)
  return { open: Number(rows[0]?.open), changes: Number(rows[0]?.changes) }
}

/** What the platform has, by its own API. */
export const listJobs = async (platformPort: number): Promise<readonly string[]> => {
  const clients = clientsOf(platformPort)
  try {
    const [jobs] = await clients.pipelines.listPipelineJobs({ parent })
    return jobs.map(({ name }) => name?.split('/').at(-1) ?? '')
  } finally {
    await clients.close()
  }
}

/** Changes that have no outcome yet. */
export const countWaiting = async (reader: Reader | undefined, url: string, token: string): Promise<number> => {
  if (reader === undefined) return (await readSum(url, token))['recorded'] ?? 0
  const { rows } = await reader.query(`select count(*) as waiting from winnow.change where state = 'recorded'`)
  return Number(rows[0]?.waiting)
}

const entry = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))

/** What Winnow's own command says of the account; it exits 1 where that does not match, and says it anyway. */
export const readReport = async (dataFolder: string): Promise<Report> => {
  const child = spawn(process.execPath, [entry, '--data', dataFolder, 'changes', 'report', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  if (code !== 0 && code !== 1) throw new Error(`winnow changes report ended with ${code}`)
  return JSON.parse(said) as Report
}

const askApi = async <T>(url: string, token: string, path: string): Promise<T> => {
  const response = await fetch(`${url}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } })
  if (!response.ok) throw new Error(`${path} answered ${response.status}`)
  return (await response.json()) as T
}

/** What the API sums up. */
export const readSum = async (url: string, token: string): Promise<Readonly<Record<string, number>>> =>
  (await askApi<{ sum: Record<string, number> }>(url, token, '/changes?limit=1')).sum

const runsAsked = 1_000

/**
 * The same of a store that only its owner opens: asked of the API, which does not tell of open batches, so a change that
 * joined one counts as open until the newest runs are those of all batches and have ended.
 */
export const askOpen = async (
  url: string,
  token: string,
): Promise<{ readonly open: number; readonly changes: number }> => {
  const sum = await readSum(url, token)
  const { runs } = await askApi<{ runs: readonly { state: string; batch: number | null }[] }>(
    url,
    token,
    `/runs?limit=${runsAsked}`,
  )
  const waiting = runs.filter(({ state }) => openRunStates.includes(state)).length
  const { changes } = await askApi<{ changes: readonly { kind: string; id: number }[] }>(
    url,
    token,
    '/changes?state=batched&limit=1',
  )
  const [newest] = changes
  const joined =
    newest === undefined ? undefined : await askApi<{ change: { batch: number } }>(url, token, `/changes/${newest.id}`)
  const gathered = joined === undefined || runs.some(({ batch }) => batch === joined.change.batch)
  return {
    open: (sum['recorded'] ?? 0) + waiting + (gathered ? 0 : 1),
    changes: Object.values(sum).reduce((all, count) => all + count, 0),
  }
}
