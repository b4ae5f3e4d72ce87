import type { RequestLog, Store } from '../../domain/ports.ts'
import type { Release } from '../../domain/release.ts'
import { courseOf, type LiveVerdict, nameOfStep, type Rollout, stepOf } from '../../domain/rollout.ts'
import type { Time } from '../../domain/time.ts'
import type { Receipt } from '../../domain/verdict.ts'
import type { Judging } from '../../judging/port.ts'
import { canaryGates } from '../../policies/live/canary.ts'
import { liveGatesOf } from '../../policies/live/live-gates.ts'
import { type LiveModel, liveModelOf } from '../../policies/live/live-model.ts'
import { lookLevel } from '../../policies/live/look-level.ts'
import { parsePolicy } from '../../policies/parse-policy.ts'
import type { Policy } from '../../policies/policy.ts'
import type { StepContext } from '../running/step.ts'
import { goOnOf, readAsked } from './admission.ts'
import { readLive } from './live-evidence.ts'
import type { Outcome, SettlePorts } from './settle-release.ts'

export interface LookPorts extends SettlePorts {
  readonly judging: Pick<Judging, 'judgeLive'>
}

/** How soon what stands in the way of the next step is read again, where no moment is known at which that changes. */
const rulesPoll = 60_000

/** Looks at a step whose traffic is as it should be: it waits on, is rolled back, or is over. */
export const lookAtStep = async (
  ports: LookPorts,
  log: Pick<RequestLog, 'requests'>,
  release: Release,
  context: StepContext,
): Promise<Outcome> => {
  const { rollout } = release
  if (!rollout) throw new Error(`release ${release.id} holds a step and has none`)
  const at = context.now()
  const looked = countLook(rollout, at)
  const isCanary = release.canary === true && rollout.step === 0
  const watched = isCanary || stepOf(rollout).gates.length > 0
  const seen = !watched ? null : await judgeStep(ports, log, release, looked, at, context)
  const after = { ...looked, seen }
  const course = courseOf(after, seen ?? { outcome: 'pass', reason: '' }, at)
  switch (course.kind) {
    case 'rollBack':
      return { event: { kind: 'failed', reason: course.reason, at, seen }, why: course.reason }
    case 'wait':
      return wait(after, course.reason, course.until)
    case 'goOn': {
      const asked = await readAsked(ports, release, context.signal)
      const entry = await goOnOf(ports.store, release, asked, at)
      if (entry.kind === 'wait')
        return wait(after, `${nameOfStep(rollout)} goes on: ${entry.reason}`, entry.until ?? at + rulesPoll)
      const by = rollout.sentOn === null ? '' : `, sent on by ${rollout.sentOn}`
      const told = seen === null ? '' : `: ${seen.reason}`
      return { event: { kind: 'stepOver', rollout: after }, why: `${nameOfStep(rollout)} is over${by}${told}` }
    }
  }
}

const wait = (rollout: Rollout, reason: string, nextAt: Time): Outcome => ({
  event: { kind: 'looked', rollout, reason, nextAt },
  why: reason,
})

const countLook = (rollout: Rollout, at: Time): Rollout => {
  const late = rollout.since !== null && at >= rollout.since + stepOf(rollout).hold
  return { ...rollout, looks: rollout.looks + 1, lateLooks: rollout.lateLooks + (late ? 1 : 0) }
}

const nobody: LiveModel = liveModelOf([], new Map())

/** What the step's gates say of what the candidate did in this step, by the policy that it was admitted by. */
const judgeStep = async (
  { store, judging }: LookPorts,
  log: Pick<RequestLog, 'requests'>,
  release: Release,
  rollout: Rollout,
  at: Time,
  { signal }: StepContext,
): Promise<LiveVerdict> => {
  const { step } = rollout
  const unknown = (reason: string): LiveVerdict => ({
    ...{ at, step, outcome: 'inconclusive', reason },
    ...{ gates: [], metrics: {} },
  })
  const { policy, receipt } = await lawOf(store, release)
  if (policy === undefined || receipt === undefined) return unknown('the policy that it was judged by is not kept')
  const { endpoint, deployedModel, previous } = release
  if (endpoint === null || deployedModel === null) return unknown('it is not deployed')
  const since = rollout.since ?? at
  const live = await readLive(store, { name: release.target, log }, endpoint, since, signal)
  if (!live.ok) return unknown(live.reason)
  const champion = previous === null ? null : (live.models.get(previous.deployedModel) ?? nobody)
  const { hold, longest, gates } = stepOf(rollout)
  const unclear = release.canary && step === 0 ? canaryGates(policy, receipt) : { ok: true as const, gates: [] }
  if (!unclear.ok) return unknown(`a canary does not tell, since ${unclear.reason}`)
  const { judgement, metrics } = await judging.judgeLive(
    {
      gates: [...liveGatesOf(policy, gates, champion !== null), ...unclear.gates],
      judged: { candidate: live.models.get(deployedModel) ?? nobody, champion },
      level: lookLevel(rollout.looks, rollout.lateLooks, longest > hold),
      chance: policy,
    },
    signal,
  )
  // Where every gate compares and there is nobody to compare with, nothing speaks against it.
  const skipped =
    unclear.gates.length === 0 &&
    judgement.gates.length > 0 &&
    judgement.gates.every(({ outcome }) => outcome === 'skipped')
  return { at, step, ...judgement, outcome: skipped ? 'pass' : judgement.outcome, metrics }
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
