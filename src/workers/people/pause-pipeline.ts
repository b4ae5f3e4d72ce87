import type { Decisions } from '../../domain/decisions.ts'
import { Fault } from '../../domain/errors.ts'
import { nearestName } from '../../domain/nearest-name.ts'
import { type Pause, pauseReason } from '../../domain/pause.ts'
import type { Transaction } from '../../domain/ports/store.ts'
import type { Time } from '../../domain/time.ts'
import { count, readProtectedDeclaration } from '../declaration/declaration.ts'
import type { StepFunction } from '../running/step.ts'
import { create, move } from '../running/transitions.ts'
import { lockPauses, wakePaused } from '../runs/pause-gate.ts'
import { type DecisionPorts, decide, mustBeOperator, repositoryOf } from './decision-ports.ts'

/** No run of the pipeline, or of the repository, is built or launched until it is resumed or the time is over. A second pause takes the place of the first. */
export const createPause =
  (ports: DecisionPorts): Decisions['pause'] =>
  (place, person, { reason, lasts }, signal) =>
    decide(async () => {
      mustBeOperator(person, 'pause a pipeline')
      const repository = repositoryOf(ports, place)
      const pipeline = place.pipeline ?? null
      if (pipeline !== null) await mustBeDeclared(ports, repository, pipeline, signal)
      const at = ports.now()
      const until = at + lasts
      await ports.store.transaction(async (tx) => {
        await lockPauses(tx, repository)
        const before = await openPause(tx, repository, pipeline)
        if (before !== undefined) await end(tx, before, 'resumed', person.name, 'another pause takes its place', at)
        const pause = { repository, pipeline, person: person.name, reason, at, until, nextAt: until } as const
        const row = await create(tx, 'pause', { ...pause, state: 'paused' }, pauseReason(pause), at, person.name)
        await tx.enqueue('expire', row.id, until)
        if (before !== undefined) await wakePaused(tx, pause, at)
      })
      return { repository, pipeline, until }
    })

export const createResume =
  (ports: DecisionPorts): Decisions['resume'] =>
  (place, person) =>
    decide(async () => {
      mustBeOperator(person, 'resume a pipeline')
      const repository = repositoryOf(ports, place)
      const pipeline = place.pipeline ?? null
      const at = ports.now()
      const woken = await ports.store.transaction(async (tx) => {
        await lockPauses(tx, repository)
        const pause = await openPause(tx, repository, pipeline)
        if (pause === undefined) return undefined
        await end(tx, pause, 'resumed', person.name, `resumed by ${person.name}`, at)
        return wakePaused(tx, pause, at)
      })
      if (woken === undefined)
        throw new Fault('usage', `${nameOf(repository, pipeline)} is not paused`, {
          remedy: 'See `winnow pauses`: a pause of the whole repository is resumed without naming a pipeline.',
        })
      return {
        repository,
        pipeline,
        next: woken === 0 ? 'nothing waits' : `${count(woken, 'run')} that waited ${woken === 1 ? 'goes' : 'go'} on`,
      }
    })

/** A pause whose time is over → expired; the runs that waited go on. */
export const createExpireStep =
  ({ store }: Pick<DecisionPorts, 'store'>): StepFunction<'pause'> =>
  async (pause, context) => {
    const at = context.now()
    if (pause.state !== 'paused') return
    await store.transaction(async (tx) => {
      await lockPauses(tx, pause.repository)
      if (pause.until > at) {
        await tx.update('pause', pause)
        return tx.enqueue('expire', pause.id, pause.until)
      }
      await end(tx, pause, 'expired', 'winnow', 'its time is over', at)
      await wakePaused(tx, pause, at)
    })
  }

const openPause = async (tx: Transaction, repository: string, pipeline: string | null): Promise<Pause | undefined> =>
  (await tx.list('pause', { repository, pipeline, state: 'paused' }, 1))[0]

const end = async (
  tx: Transaction,
  pause: Pause,
  state: 'resumed' | 'expired',
  by: string,
  why: string,
  at: Time,
): Promise<void> => {
  await move(tx, 'pause', pause, { ...pause, state, nextAt: null }, why, at, by)
}

const nameOf = (repository: string, pipeline: string | null): string =>
  pipeline === null ? repository : `${pipeline} of ${repository}`

/** A pause of a misspelt name would hold nothing. One that only a branch declares has had runs. */
const mustBeDeclared = async (
  ports: DecisionPorts,
  repository: string,
  pipeline: string,
  signal: AbortSignal,
): Promise<void> => {
  const [run] = await ports.store.list('run', { repository, pipeline }, 1)
  if (run !== undefined) return
  const { declaration } = await readProtectedDeclaration(ports, repository, signal)
  const names: readonly string[] = declaration.ok ? declaration.value.pipelines.map(({ name }) => name) : []
  if (names.includes(pipeline)) return
  const near = nearestName(pipeline, names)
  throw new Fault(
    'not_found',
    declaration.ok
      ? `${repository} has no pipeline ${pipeline}${near === undefined ? '' : `, did you mean ${near}?`}`
      : `Whether ${repository} has a pipeline ${pipeline} is not known: ${declaration.reason}`,
    { remedy: 'Without a pipeline all of the repository is paused.' },
  )
}
