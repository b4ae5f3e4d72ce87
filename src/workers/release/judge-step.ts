import type { RequestLog } from '../../domain/ports/request-log.ts'
import type { Store } from '../../domain/ports/store.ts'
import type { Release } from '../../domain/release.ts'
import { type LiveVerdict, type Rollout, stepOf } from '../../domain/rollout.ts'
import type { Time } from '../../domain/time.ts'
import type { GateVerdict, Receipt } from '../../domain/verdict.ts'
import { summarise } from '../../policies/gates/judge.ts'
import { parsePolicy } from '../../policies/language/parse-policy.ts'
import type { MetricGate, Policy } from '../../policies/language/policy.ts'
import { canaryGates } from '../../policies/live/canary.ts'
import { liveGatesOf } from '../../policies/live/live-gates.ts'
import { type LiveModel, liveModelOf } from '../../policies/live/live-model.ts'
import { hasGrown, lookLevel } from '../../policies/live/look-level.ts'
import type { StepContext } from '../running/step.ts'
import type { LookPorts } from './held-step.ts'
import { readLive } from './live-evidence.ts'

/** What a look saw, and the rollout with the look in its count, where it could prove something. */
export interface Look {
  readonly rollout: Rollout
  readonly seen: LiveVerdict
}

const nobody: LiveModel = liveModelOf([], new Map())

/** What the step's gates say of what the candidate did in this step, by the policy that it was admitted by. */
export const judgeStep = async (
  { store, judging }: LookPorts,
  log: Pick<RequestLog, 'requests'>,
  release: Release,
  rollout: Rollout,
  at: Time,
  { signal }: StepContext,
): Promise<Look> => {
  const { step } = rollout
  const unknown = (reason: string): Look => ({
    rollout,
    seen: { at, step, outcome: 'inconclusive', reason, gates: [], metrics: {} },
  })
  const { policy, receipt } = await lawOf(store, release)
  if (policy === undefined || receipt === undefined) return unknown('the policy that it was judged by is not kept')
  const { endpoint, deployedModel, previous } = release
  if (endpoint === null || deployedModel === null) return unknown('it is not deployed')
  const since = rollout.since ?? at
  const live = await readLive(store, { name: release.target, log }, endpoint, since, signal)
  if (!live.ok) return unknown(live.reason)
  const candidate = live.models.get(deployedModel) ?? nobody
  const champion = previous === null ? null : (live.models.get(previous.deployedModel) ?? nobody)
  const unclear = release.canary && step === 0 ? canaryGates(policy, receipt) : { ok: true as const, gates: [] }
  if (!unclear.ok) return unknown(`a canary does not tell, since ${unclear.reason}`)
  const gates = [...liveGatesOf(policy, stepOf(rollout).gates, champion !== null), ...unclear.gates]
  const further = furtherLook(rollout, gates, candidate, champion, at)
  const asked = further.is ? gates : gates.filter(({ confidence }) => confidence === null)
  const { judgement, metrics } = await judging.judgeLive(
    { gates: asked, judged: { candidate, champion }, level: levelOf(further.rollout), chance: policy },
    signal,
  )
  const told = further.is ? judgement : summarise(withBefore(gates, judgement.gates, rollout))
  // Where every gate compares and there is nobody to compare with, nothing speaks against it.
  const skipped =
    unclear.gates.length === 0 && told.gates.length > 0 && told.gates.every(({ outcome }) => outcome === 'skipped')
  const provedSomething = judgement.gates.some(({ checks }) => checks.some(({ interval }) => interval !== null))
  return {
    rollout: further.is && provedSomething ? further.rollout : rollout,
    seen: { at, step, ...told, outcome: skipped ? 'pass' : told.outcome, metrics },
  }
}

/** Whether what was said of the confident gates is to be said anew, and the rollout with the look in its count. */
const furtherLook = (
  rollout: Rollout,
  gates: readonly MetricGate[],
  candidate: LiveModel,
  champion: LiveModel | null,
  at: Time,
): { readonly is: boolean; readonly rollout: Rollout } => {
  const { seen, step, since, known, looks, lateLooks } = rollout
  const now = [candidate, champion ?? nobody].flatMap(({ requests, labelled }) => [requests, labelled?.rows ?? 0])
  const late = since !== null && at >= since + stepOf(rollout).hold
  const saidBefore = new Set(seen?.step === step ? seen.gates.map(({ gate }) => gate) : [])
  const lacks = gates.some(({ name, confidence }) => confidence !== null && !saidBefore.has(name))
  const counted = { ...rollout, looks: looks + 1, lateLooks: lateLooks + (late ? 1 : 0), known: now }
  return { is: lacks || hasGrown(known, now) || (late && lateLooks === 0), rollout: counted }
}

const levelOf = (rollout: Rollout) => {
  const { hold, longest } = stepOf(rollout)
  return lookLevel(rollout.looks, rollout.lateLooks, longest > hold)
}

/** Each gate as it was said now, or else before. */
const withBefore = (
  gates: readonly MetricGate[],
  now: readonly GateVerdict[],
  { seen }: Rollout,
): readonly GateVerdict[] => {
  const said = new Map([...(seen?.gates ?? []), ...now].map((verdict) => [verdict.gate, verdict]))
  return gates.flatMap(({ name }) => said.get(name) ?? [])
}

/** What it was admitted by. */
const lawOf = async (
  store: Pick<Store, 'get'>,
  release: Release,
): Promise<{ readonly policy?: Policy | undefined; readonly receipt?: Receipt | undefined }> => {
  const verdict = await store.get('verdict', release.verdict)
  const receipt = verdict?.receipt ?? undefined
  const [own, ...sets] = receipt?.judged?.policy ?? []
  if (own === undefined) return { receipt }
  const parsed = parsePolicy(own.text, own.path, { files: new Map(sets.map(({ path, text }) => [path, text])) })
  return { receipt, policy: parsed.ok ? parsed.value : undefined }
}
