import type { RequestLog } from '../../domain/ports/request-log.ts'
import type { Release } from '../../domain/release.ts'
import { courseOf, nameOfStep, type Rollout, stepOf } from '../../domain/rollout.ts'
import type { Time } from '../../domain/time.ts'
import type { Judging } from '../../judging/port.ts'
import type { StepContext } from '../running/step.ts'
import { goOnOf, readAsked } from './admission.ts'
import { judgeStep } from './judge-step.ts'
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
  const isCanary = release.canary === true && rollout.step === 0
  const watched = isCanary || stepOf(rollout).gates.length > 0
  const look = watched ? await judgeStep(ports, log, release, rollout, at, context) : undefined
  const seen = look?.seen ?? null
  // What an earlier step showed stays until another one shows something.
  const after = look === undefined ? rollout : { ...look.rollout, seen }
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
        return wait(after, `${nameOfStep(rollout)}, and no more yet: ${entry.reason}`, entry.until ?? at + rulesPoll)
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
