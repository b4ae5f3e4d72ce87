import type { Person } from '../../domain/approval.ts'
import type { Decisions } from '../../domain/decisions.ts'
import { Fault } from '../../domain/errors.ts'
import { type Hold, holdReason, isHolding } from '../../domain/hold.ts'
import type { Transaction } from '../../domain/ports/store.ts'
import { type Release, releaseWaiting } from '../../domain/release.ts'
import { nameOfStep, waitsForPerson } from '../../domain/rollout.ts'
import type { Time } from '../../domain/time.ts'
import { wakeReleases } from '../release/release-turn.ts'
import { create, move } from '../running/transitions.ts'
import { type DecisionPorts, decide, mustBeOperator, repositoryOf } from './decision-ports.ts'
import { environmentOf } from './override-verdict.ts'

/** No release into the environment begins until it is lifted, or its time is over. A second hold takes the place of the first. */
export const createHold =
  (ports: DecisionPorts): Decisions['hold'] =>
  (place, person, { reason, lasts }, signal) =>
    decide(async () => {
      mustBeOperator(person, 'hold an environment')
      const repository = repositoryOf(ports, place)
      const { name: environment } = await environmentOf(ports, repository, place.environment, signal)
      const at = ports.now()
      const until = lasts === null ? null : at + lasts
      await ports.store.transaction(async (tx) => {
        const before = await openHold(tx, repository, environment)
        if (before !== undefined) await end(tx, before, person.name, 'another hold takes its place', at)
        const hold = { repository, environment, person: person.name, reason, at, until, state: 'held' } as const
        await create(tx, 'hold', hold, holdReason({ ...hold, id: 0, version: 0 }), at, person.name)
      })
      return { repository, until }
    })

export const createLift =
  (ports: DecisionPorts, speak: Decisions['speak']): Decisions['lift'] =>
  (place, person, signal) =>
    decide(async () => {
      const repository = repositoryOf(ports, place)
      const { environment } = place
      const { store } = ports
      const [hold] = await store.list('hold', { repository, environment, state: 'held' }, 1)
      const waiting = await store.list('release', { repository, environment, state: [...releaseWaiting, 'holding'] })
      if (hold !== undefined && isHolding(hold, ports.now())) {
        mustBeOperator(person, 'lift a hold')
        const at = ports.now()
        await store.transaction(async (tx) => {
          await end(tx, hold, person.name, `lifted by ${person.name}`, at)
          const state = [...releaseWaiting, 'holding' as const]
          await wakeReleases(tx, await tx.list('release', { repository, environment, state }), at)
        })
        return {
          repository,
          next: `the hold is lifted; ${waiting.length === 0 ? 'nothing waits there' : releases(waiting)}`,
        }
      }
      const rollout = waiting.find((release) => mayBeSentOn(release, ports.now()))
      if (rollout !== undefined) return { repository, next: await sendOn(ports, rollout, person) }
      const held = waiting.find(({ state }) => state === 'held')
      if (held === undefined)
        throw new Fault('usage', `Nothing is held in ${environment} of ${repository}`, { remedy: 'See `winnow runs`.' })
      const { next } = await speak(
        held.run,
        person,
        { decision: 'approve', reason: `released into ${environment}` },
        signal,
      )
      return { repository, next: `run ${held.run} is approved: ${next}` }
    })

/** Of a canary only an override may say that what is unclear does not matter. */
const mayBeSentOn = ({ rollout, canary }: Release, at: Time): boolean =>
  rollout !== undefined && rollout !== null && waitsForPerson(rollout, at) && !(canary && rollout.step === 0)

/** A rollout that knows too little after the longest hold goes on, by somebody's name. */
const sendOn = async ({ store, now }: DecisionPorts, release: Release, person: Person): Promise<string> => {
  mustBeOperator(person, 'send a rollout on')
  const { rollout } = release
  if (!rollout) throw new Error(`release ${release.id} has no steps`)
  const at = now()
  const why = `${person.name} sends it on from ${nameOfStep(rollout)}`
  await store.transaction(async (tx) => {
    const after = { ...release, rollout: { ...rollout, sentOn: person.name }, nextAt: at }
    await tx.update('release', after)
    await tx.record({
      at,
      kind: 'release',
      id: release.id,
      from: release.state,
      to: release.state,
      by: person.name,
      why,
    })
    await tx.enqueue('release', release.id)
  })
  return `release ${release.id} goes on from ${nameOfStep(rollout)}`
}

const releases = (waiting: readonly { readonly id: number }[]): string =>
  `release ${waiting.map(({ id }) => id).join(', ')} looks again`

const openHold = async (tx: Transaction, repository: string, environment: string): Promise<Hold | undefined> =>
  (await tx.list('hold', { repository, environment, state: 'held' }, 1))[0]

const end = async (tx: Transaction, hold: Hold, by: string, why: string, at: Time): Promise<void> => {
  await move(tx, 'hold', hold, { ...hold, state: 'lifted' }, why, at, by)
}
