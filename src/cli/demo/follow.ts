import { setTimeout as wait } from 'node:timers/promises'
import type { Change } from '../../domain/change.ts'
import { Fault } from '../../domain/errors.ts'
import type { Client } from '../client.ts'
import type { ShownRun } from '../commands/run-show.ts'
import { createLive } from '../live.ts'
import { isSettled } from '../settled.ts'
import { paintState } from '../style.ts'
import { taskTree } from '../task-tree.ts'

interface ShownChange {
  readonly change: Change
  readonly runs: readonly number[]
}

const pollMs = 250
const patienceMs = 8 * 60_000

/** Polls until `done` gives something; a demo that hangs says what it waited for. */
const until = async <T>(what: string, done: () => Promise<T | undefined>): Promise<T> => {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const found = await done()
    if (found !== undefined) return found
    if (Date.now() > deadline)
      throw new Fault('target_unavailable', `Waited ${patienceMs / 60_000} minutes for ${what}`)
    await wait(pollMs)
  }
}

/** The newest change of a kind after `after`, once it has its outcome. */
export const changeAfter = (client: Client, after: number, kind: Change['cause']['kind']): Promise<ShownChange> =>
  until(`a change of kind ${kind}`, async () => {
    const { changes } = await client.get<{ changes: readonly { id: number; kind: string; state: string }[] }>(
      '/changes?limit=200',
    )
    const found = changes.filter((change) => change.id > after && change.kind === kind).at(-1)
    if (found === undefined || found.state === 'recorded') return undefined
    return client.get<ShownChange>(`/changes/${found.id}`)
  })

/** Draws runs until nothing more will happen to them. */
export const followRuns = async (client: Client, ids: readonly number[]): Promise<readonly ShownRun[]> => {
  const live = createLive(process.stdout)
  const settled = await until(`runs ${ids.join(', ')}`, async () => {
    const shown = await Promise.all(ids.map((id) => client.get<ShownRun>(`/runs/${id}`)))
    live.draw(shown.flatMap(drawRun))
    return shown.every(({ run, verdict, releases }) => isSettled(run, verdict, releases)) ? shown : undefined
  })
  live.end()
  return settled
}

const drawRun = ({ run, verdict, releases }: ShownRun): readonly string[] => [
  `  run ${run.id}  ${run.pipeline}${run.attempt > 1 ? `, attempt ${run.attempt}` : ''}  ${paintState(run.state)}`,
  ...taskTree(run.tasks, Date.now()).map((line) => `    ${line}`),
  ...(verdict === null ? [] : [`    verdict: ${paintState(verdict.state)}`]),
  ...releases.map((release) => `    ${release.environment}: ${paintState(release.state)}`),
]

/** The highest change number so far. */
export const newestChange = async (client: Client): Promise<number> => {
  const { changes } = await client.get<{ changes: readonly { id: number }[] }>('/changes?limit=1')
  return changes[0]?.id ?? 0
}

/** The run that gathered a change's batch, once there is one. */
export const runOfBatch = (client: Client, batch: number): Promise<number> =>
  until(`the run of batch ${batch}`, async () => {
    const { runs } = await client.get<{ runs: readonly { id: number; batch: number | null }[] }>('/runs?limit=200')
    return runs.find((run) => run.batch === batch)?.id
  })
