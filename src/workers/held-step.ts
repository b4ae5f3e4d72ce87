import type { Release } from '../domain/release.ts'
import { courseOf, nameOfStep, type Rollout, stepOf } from '../domain/rollout.ts'
import type { Time } from '../domain/time.ts'
import type { Outcome as Judged } from '../domain/verdict.ts'
import { goOnOf, readAsked } from './admission.ts'
import type { Outcome, SettlePorts } from './settle-release.ts'
import type { StepContext } from './step.ts'

/** How soon what stands in the way of the next step is read again, where no moment is known at which that changes. */
const rulesPoll = 60_000

/** Looks at a step whose traffic is as it should be: it waits on, is rolled back, or is over. */
export const lookAtStep = async (ports: SettlePorts, release: Release, context: StepContext): Promise<Outcome> => {
  const { rollout } = release
  if (!rollout) throw new Error(`release ${release.id} holds a step and has none`)
  const look: { readonly outcome: Judged; readonly reason: string } = { outcome: 'pass', reason: '' }
  const at = context.now()
  const looked = countLook(rollout, at)
  const course = courseOf(rollout, look, at)
  switch (course.kind) {
    case 'rollBack':
      return { event: { kind: 'failed', reason: course.reason, at }, why: course.reason }
    case 'wait':
      return wait(looked, course.reason, course.until)
    case 'goOn': {
      const asked = await readAsked(ports, release, context.signal)
      const entry = await goOnOf(ports.store, release, asked, at)
      if (entry.kind === 'wait')
        return wait(looked, `${nameOfStep(rollout)} goes on: ${entry.reason}`, entry.until ?? at + rulesPoll)
      const by = rollout.sentOn === null ? '' : `, sent on by ${rollout.sentOn}`
      return { event: { kind: 'stepOver', rollout: looked }, why: `${nameOfStep(rollout)} is over${by}` }
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
