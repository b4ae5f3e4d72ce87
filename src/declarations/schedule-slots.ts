import { parseCron } from '../domain/cron.ts'
import { cronSlots } from '../domain/cron-slots.ts'
import type { Duration, Time } from '../domain/time.ts'
import type { ScheduleTrigger } from './other-triggers.ts'

export interface DueSlot {
  readonly slot: Time
  /** Slots before it that are not caught up. */
  readonly missed: number
}

/** A slot that is seen later than this was missed: nobody looked when it came. */
const onTime: Duration = 5 * 60_000
/** Of a schedule of every minute that nobody has looked at for a month, the newest. */
const most = 1_000

/** The slots that are to start something now, after those until `handled`, as far back as the schedule says. */
export const dueSlots = (
  { cron, timezone, catchUp, lookBack }: ScheduleTrigger,
  handled: Time,
  now: Time,
): readonly DueSlot[] => {
  const parsed = parseCron(cron)
  if (!parsed.ok) return []
  const passed = cronSlots(parsed.value, timezone, Math.max(handled, now - lookBack), now)
  const newest = passed.at(-1)
  if (newest === undefined) return []
  if (catchUp === 'all') return passed.slice(-most).map((slot) => ({ slot, missed: 0 }))
  if (catchUp === 'none' && now - newest > onTime) return []
  return [{ slot: newest, missed: passed.length - 1 }]
}
