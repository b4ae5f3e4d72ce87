import { join } from 'node:path'
import { aboutTick } from '../about.ts'
import { layGitGround } from '../git-ground.ts'
import type { Happening, Sender } from '../sender.ts'

const repository = 'timed-teff'
const minute = 60_000
/** A schedule begins when Winnow first sees it, which on a busy machine may be so long after its start. */
const begunAfter = 3 * minute

/** Each minute, by clocks of three zones; whoever was down catches all of them up. */
const zones = ['UTC', 'Europe/Berlin', 'Asia/Kathmandu']
const cron = '* * * * *'
const pipelineOf = (zone: string): string => `tick-${zone.toLowerCase().replace('/', '-')}`

const pipelines = Object.fromEntries(
  zones.map((timezone) => [
    pipelineOf(timezone),
    { ir: 'pipeline.json', on: { schedule: { cron, timezone, catchUp: 'all', into: 'at' } } },
  ]),
)

/** A clock: nobody sends. Each minute is one change of each schedule, however often the worker is killed. */
export const schedule: Sender = {
  name: 'schedule',
  weight: 0,
  open: async ({ folder }) => {
    const { url } = await layGitGround(join(folder, `${repository}.git`), {
      commits: 1,
      events: 0,
      more: { pipelines },
    })
    return {
      config: {
        repositories: {
          [repository]: { host: 'git', url, secrets: [{ env: 'WINNOW_SECRET_TIMED' }], targets: ['local'] },
        },
      },
      secrets: { WINNOW_SECRET_TIMED: 'what nobody signs what the clock does with' },
      next: () => {
        throw new Error('nobody sends what a clock does')
      },
      clock: {
        happenings: (from, to) =>
          minutesBetween(from, to).flatMap((slot) =>
            zones.map(
              (zone): Happening => ({
                repository,
                about: aboutTick(pipelineOf(zone), cron, zone, slot),
                ...(slot - from < begunAfter ? { unsure: true } : {}),
                outcomes: ['started'],
              }),
            ),
          ),
        // Winnow looks at its schedules every ten seconds.
        rests: (now) => now % minute > 14_000 && now % minute < 35_000,
      },
      differences: ({ changes }) => {
        const ticks = changes.filter((change) => change.repository === repository).map(({ about }) => about)
        return zones.flatMap((zone) => holesIn(ticks, zone))
      },
    }
  },
}

/** Once it has begun, no minute is left out. */
const holesIn = (ticks: readonly string[], zone: string): readonly string[] => {
  const start = aboutTick(pipelineOf(zone), cron, zone, 0).slice(0, -new Date(0).toISOString().length)
  const slots = ticks.filter((tick) => tick.startsWith(start)).map((tick) => Date.parse(tick.slice(start.length)))
  const [first, last] = [Math.min(...slots), Math.max(...slots)]
  return minutesBetween(first, last)
    .filter((slot) => !slots.includes(slot))
    .map((slot) => `${zone}: ${new Date(slot).toISOString()} was left out`)
}

/** The beginnings of minutes after `from`, up to and with `to`. */
const minutesBetween = (from: number, to: number): readonly number[] => {
  const first = (Math.floor(from / minute) + 1) * minute
  return to < first ? [] : Array.from({ length: Math.floor((to - first) / minute) + 1 }, (_, i) => first + i * minute)
}
