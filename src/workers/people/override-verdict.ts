import type { EnvironmentDeclaration } from '../../declarations/winnow-yaml.ts'
import { type Person, subjectOf } from '../../domain/approval.ts'
import type { Decisions } from '../../domain/decisions.ts'
import { digestJson, shortDigest } from '../../domain/digest.ts'
import { Fault } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import type { Transaction } from '../../domain/ports/store.ts'
import { nextRelease, type Release, type ReleaseOverride, releaseActive, releaseWaiting } from '../../domain/release.ts'
import { formatTime, type Time } from '../../domain/time.ts'
import { readProtectedDeclaration } from '../declaration/declaration.ts'
import { newRelease } from '../release/deliver.ts'
import { create, move } from '../running/transitions.ts'
import { type DecisionPorts, decide, type JudgedRun, judgedRun, mustBeOperator } from './decision-ports.ts'

/** Releases a run's candidate into one environment whatever its verdict, approvals and windows say: by name, with a reason, for a while. */
export const createOverride =
  (ports: DecisionPorts): Decisions['override'] =>
  (id, person, { environment: name, reason, expiresIn }, signal) =>
    decide(async () => {
      mustBeOperator(person, 'override a verdict')
      const judged = await judgedRun(ports, id)
      const environment = await environmentOf(ports, judged.run.repository, name, signal)
      const at = ports.now()
      const expiresAt = at + expiresIn
      const release = await ports.store.transaction(async (tx) => {
        const known = await tx.list('release', { run: id, environment: name })
        const begun = known.find(({ state }) => state === 'live' || releaseActive.includes(state))
        if (begun !== undefined)
          throw new Fault('usage', `Run ${id} is ${begun.state} in ${name} already, as release ${begun.id}`, {
            ...(begun.state === 'live'
              ? {}
              : {
                  remedy: `\`winnow release ${name}\` sends on what waits there for a person; after \`winnow reject ${id}\`, which takes it back, an override gives it all traffic at once.`,
                }),
          })
        const override = await record(tx, judged, person, name, reason, at, expiresAt)
        const waiting = known.find(({ state }) => releaseWaiting.includes(state))
        return waiting === undefined ? make(tx, judged, environment, override, at) : takeOver(tx, waiting, override, at)
      })
      return { release: release.id, expiresAt }
    })

export const environmentOf = async (
  ports: DecisionPorts,
  repository: string,
  name: string,
  signal: AbortSignal,
): Promise<EnvironmentDeclaration> => {
  const { declaration } = await readProtectedDeclaration(ports, repository, signal)
  if (!declaration.ok)
    throw new Fault('declaration_invalid', `The environments of ${repository} are not known: ${declaration.reason}`, {
      details: declaration.faults,
      remedy: 'Correct winnow.yaml on the protected branch.',
    })
  const { environments } = declaration.value
  const serving = environments.filter(({ endpoint }) => endpoint !== null)
  const found = serving.find((environment) => environment.name === name)
  if (found !== undefined) return found
  throw new Fault('not_found', `${repository} serves nothing in an environment ${name}`, {
    remedy: `It declares ${serving.map((environment) => environment.name).join(', ') || 'none that serves'}.`,
  })
}

const record = async (
  tx: Transaction,
  { run, verdict, receipt }: JudgedRun,
  { name }: Person,
  environment: string,
  reason: string,
  at: Time,
  expiresAt: Time,
): Promise<ReleaseOverride> => {
  const { repository } = run
  const subject = subjectOf(receipt)
  const said = {
    repository,
    environment,
    run: run.id,
    verdict: verdict.id,
    subject,
    person: name,
    reason,
    at,
    expiresAt,
  }
  const { id } = await tx.insert('override', { ...said, state: 'given' })
  const why = `override for ${environment} of ${shortDigest(subject)}, until ${formatTime(expiresAt)}: ${reason}`
  await tx.record({ at, kind: 'verdict', id: verdict.id, from: verdict.state, to: verdict.state, by: name, why })
  return { id, person: name, reason, expiresAt }
}

const make = async (
  tx: Transaction,
  { run, verdict, receipt }: JudgedRun,
  environment: EnvironmentDeclaration,
  override: ReleaseOverride,
  at: Time,
): Promise<Release> => {
  if (run.model === null || receipt.candidate === null) throw new Fault('usage', `Run ${run.id} made no model`)
  const { repository, model } = run
  const { candidate } = receipt
  const receiptDigest = digestJson(receipt as unknown as Json)
  const delivery = { verdict: verdict.id, run: run.id, repository, model, candidate, receiptDigest }
  const why = `verdict ${verdict.id} is ${verdict.state}, and ${override.person} overrides it: ${override.reason}`
  const release = await create(
    tx,
    'release',
    { ...newRelease(delivery, environment, at), override },
    why,
    at,
    override.person,
  )
  await tx.enqueue('release', release.id)
  return release
}

const takeOver = async (tx: Transaction, waiting: Release, override: ReleaseOverride, at: Time): Promise<Release> => {
  const after = nextRelease(waiting, { kind: 'overridden', override, at })
  if (after === undefined) throw new Error(`release ${waiting.id} does not wait`)
  const written = await move(
    tx,
    'release',
    waiting,
    after,
    `${override.person} overrides what it waits for: ${override.reason}`,
    at,
    override.person,
  )
  await tx.enqueue('release', waiting.id)
  return written
}
