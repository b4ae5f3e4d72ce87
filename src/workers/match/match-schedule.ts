import type { Change, ChangeCause } from '../../domain/change.ts'
import { formatTime, type Time } from '../../domain/time.ts'
import { count } from '../declaration/declaration.ts'
import type { Decision, MatchPorts } from './match.ts'
import { matchProtected } from './match-protected.ts'

type ScheduleCause = Extract<ChangeCause, { kind: 'schedule' }>

/** A slot of a schedule: one run at the head of the protected branch, if that still has the schedule. */
export const matchSchedule = (
  ports: MatchPorts,
  change: Change,
  cause: ScheduleCause,
  at: Time,
  signal: AbortSignal,
): Promise<Decision> =>
  matchProtected(ports, change, at, signal, (yaml) => {
    const { pipeline: name, cron, timezone, slot, missed } = cause
    const pipeline = yaml.pipelines.find((one) => one.name === name)
    const trigger = pipeline?.on.schedule.find((one) => one.cron === cron && one.timezone === timezone)
    if (pipeline === undefined || trigger === undefined)
      return { ok: false, reason: `no pipeline ${name} has the schedule ${cron} in ${timezone} any more` }
    const when = formatTime(slot)
    const before = missed === 0 ? '' : `, ${count(missed, 'time')} before it missed`
    return {
      ok: true,
      reason: `${cron} in ${timezone} at ${when}${before}`,
      pipelines: [pipeline],
      occasion: `schedule ${when}`,
      ...(trigger.into === undefined ? {} : { parameters: { [trigger.into]: when } }),
    }
  })
