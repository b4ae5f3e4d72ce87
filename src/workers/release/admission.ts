import type { EnvironmentDeclaration } from '../../declarations/winnow-yaml.ts'
import { policyDigests, subjectOf } from '../../domain/approval.ts'
import { holdReason, isHolding } from '../../domain/hold.ts'
import type { Reading, Store } from '../../domain/ports/store.ts'
import type { Release } from '../../domain/release.ts'
import { permitOf } from '../../domain/release-permit.ts'
import { allAtOnce, nextStepOf } from '../../domain/rollout.ts'
import type { Time } from '../../domain/time.ts'
import type { Receipt } from '../../domain/verdict.ts'
import { anybody, type Entry, entryOf, windowEntry } from '../../policies/following/environment-entry.ts'
import type { EnvironmentRules } from '../../policies/language/policy.ts'
import { canaryGates, takesCanary } from '../../policies/live/canary.ts'
import { type DeclarationPorts, readProtectedDeclaration } from '../declaration/declaration.ts'
import { type Law, readLaw } from '../judge/judge-policy.ts'
import { wordsOn } from '../running/words.ts'

/** What an environment asks now, as the protected branch has it. */
export type AskedNow =
  | { readonly ok: true; readonly environment: EnvironmentDeclaration; readonly law: Law }
  | { readonly ok: false; readonly reason: string }

export const readAsked = async (
  ports: DeclarationPorts & { readonly store: Store },
  release: Pick<Release, 'run' | 'environment' | 'repository'>,
  signal: AbortSignal,
): Promise<AskedNow> => {
  const run = await ports.store.get('run', release.run)
  if (run === undefined) return { ok: false, reason: `there is no run ${release.run}` }
  const { commit, declaration } = await readProtectedDeclaration(ports, release.repository, signal)
  if (!declaration.ok) return { ok: false, reason: declaration.reason }
  const environment = declaration.value.environments.find(({ name }) => name === release.environment)
  if (environment === undefined)
    return { ok: false, reason: `the protected branch declares no environment ${release.environment}` }
  const pipeline = declaration.value.pipelines.find(({ name }) => name === run.pipeline)
  const law = await readLaw(ports, run, commit, pipeline, signal)
  return law.policy === undefined ? { ok: false, reason: law.missing } : { ok: true, environment, law }
}

export const rulesOf = ({ name, protected: isProtected }: EnvironmentDeclaration, law: Law): EnvironmentRules => {
  const rules = law.policy?.environments[name] ?? { approvals: null, windows: [], rollout: allAtOnce }
  return rules.approvals === null && isProtected ? { ...rules, approvals: anybody } : rules
}

/** Whether a release may begin now. */
export type Admission =
  | { readonly kind: 'go' }
  /** `until` is null where no moment is known at which that changes. */
  | { readonly kind: 'wait'; readonly reason: string; readonly until: Time | null }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'judgeAgain'; readonly reason: string }

/** An override stands above verdict, approvals and windows; a hold above all. */
export const admissionOf = async (store: Reading, release: Release, asked: AskedNow, at: Time): Promise<Admission> => {
  const wait = (reason: string, until: Time | null = null): Admission => ({ kind: 'wait', reason, until })
  const verdict = await store.get('verdict', release.verdict)
  const override = release.override ? await store.get('override', release.override.id) : undefined
  const permit = permitOf(release, verdict, override, at)
  if (permit.kind === 'none') return { kind: 'refused', reason: permit.reason }
  if (permit.kind === 'wait') return wait(permit.reason)
  const { environment } = release
  const held = await holdOf(store, release, at)
  if (held !== undefined) return wait(held.reason, held.until)
  if (permit.kind === 'override') return { kind: 'go' }
  if (!asked.ok) return wait(`${environment} waits: ${asked.reason}`)
  const run = await store.get('run', release.run)
  const receipt = verdict?.receipt
  if (run === undefined || !receipt) return { kind: 'refused', reason: `there is no run ${release.run}` }
  const judgedBy = policyDigests(receipt)
  const now = asked.law.texts.map(({ digest }) => digest)
  if (judgedBy.join() !== now.join())
    return { kind: 'judgeAgain', reason: 'the policy has changed since: what was approved by the old one is void' }
  if (permit.kind === 'canary') {
    const fault = canaryFault(asked, receipt)
    if (fault !== undefined) return { kind: 'refused', reason: fault }
  }
  const { approvals, author } = await wordsOn(store, run, subjectOf(receipt), at)
  const entry = entryOf(environment, rulesOf(asked.environment, asked.law), approvals, author, at)
  return entry.kind === 'open' ? { kind: 'go' } : entry
}

/** Why an environment takes no canary of a candidate; undefined where it does. */
const canaryFault = ({ environment, law }: Extract<AskedNow, { ok: true }>, receipt: Receipt): string | undefined => {
  if (law.policy?.inconclusive !== 'canary') return 'its verdict is inconclusive, and the policy asks for no canary'
  const { name } = environment
  if (!takesCanary(rulesOf(environment, law).rollout))
    return `${name} takes all traffic at once, and the verdict is inconclusive`
  const gates = canaryGates(law.policy, receipt)
  return gates.ok ? undefined : `a canary would not tell, since ${gates.reason}`
}

/** Whether a rollout under way may go on: not while its environment is held, and to more traffic within its windows only. */
export const goOnOf = async (
  store: Reading,
  release: Release,
  asked: AskedNow,
  at: Time,
): Promise<Exclude<Entry, { kind: 'refused' }>> => {
  const held = await holdOf(store, release, at)
  if (held !== undefined) return { kind: 'wait', ...held }
  // To take away the old model is no step: the candidate has all traffic by then.
  if (!release.rollout || nextStepOf(release.rollout) === undefined || release.override) return { kind: 'open' }
  const { environment } = release
  if (!asked.ok) return { kind: 'wait', reason: `${environment} waits: ${asked.reason}`, until: null }
  return windowEntry(environment, rulesOf(asked.environment, asked.law).windows, at)
}

const holdOf = async (
  store: Reading,
  { repository, environment }: Release,
  at: Time,
): Promise<{ readonly reason: string; readonly until: Time | null } | undefined> => {
  const [hold] = await store.list('hold', { repository, environment, state: 'held' }, 1)
  if (hold === undefined || !isHolding(hold, at)) return undefined
  return { reason: `${environment} is ${holdReason(hold)}`, until: hold.until }
}
