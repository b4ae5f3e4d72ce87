import type { ScheduleTrigger } from '../../declarations/other-triggers.ts'
import { type DueSlot, dueSlots } from '../../declarations/schedule-slots.ts'
import { justRecorded } from '../../domain/change.ts'
import { digestJson } from '../../domain/digest.ts'
import { messageOf } from '../../domain/errors.ts'
import type { NewRow, Store } from '../../domain/ports/store.ts'
import { type Duration, formatTime, type Time } from '../../domain/time.ts'
import type { Log } from '../../log.ts'
import { type DeclarationPorts, readProtectedDeclaration } from '../declaration/declaration.ts'
import { pause } from '../running/pause.ts'

export interface SchedulePorts extends DeclarationPorts {
  readonly store: Store
  readonly now: () => Time
}

const usualInterval: Duration = 10_000

/**
 * Looks once at the schedules that a repository's protected branch declares, and records a change for each slot that has
 * come; their number. What was handled last is a setting, written after the changes: a crash in between offers them
 * again, and their keys make them one change each, whoever else looks. A schedule that is new begins now.
 */
export const lookAtSchedules = async (
  ports: SchedulePorts,
  repository: string,
  signal: AbortSignal,
): Promise<number> => {
  const { store } = ports
  const { declaration } = await readProtectedDeclaration(ports, repository, signal)
  // Not one is known: what comes meanwhile is caught up once the file is correct, as each schedule says.
  if (!declaration.ok) return 0
  const now = ports.now()
  const declared = declaration.value.pipelines.flatMap(({ name, on }) =>
    on.schedule.map((trigger) => ({ pipeline: name, trigger, key: settingOf(repository, name, trigger) })),
  )
  await forgetOthers(
    store,
    repository,
    declared.map(({ key }) => key),
  )
  let found = 0
  for (const { pipeline, trigger, key } of declared) {
    const handled = await store.readSetting(key)
    if (typeof handled !== 'number') {
      await store.writeSetting(key, now)
      continue
    }
    const due = dueSlots(trigger, handled, now)
    for (const one of due)
      if (!(await store.recordChange(changeOf(repository, pipeline, trigger, one, now))).duplicate) found++
    const last = due.at(-1)
    if (last !== undefined) await store.writeSetting(key, last.slot)
  }
  return found
}

/** Looks again and again until the signal aborts. */
export const keepSchedules = async (
  ports: SchedulePorts & { readonly log: Log },
  repository: string,
  signal: AbortSignal,
  interval: Duration = usualInterval,
): Promise<void> => {
  while (!signal.aborted) {
    try {
      const changes = await lookAtSchedules(ports, repository, signal)
      if (changes > 0) ports.log.info({ repository, changes }, 'schedules came due')
    } catch (error) {
      if (signal.aborted) return
      ports.log.warn({ repository, reason: messageOf(error) }, 'schedules of a repository could not be looked at')
    }
    await pause(interval, signal)
  }
}

const settingOf = (repository: string, pipeline: string, { cron, timezone }: ScheduleTrigger): string =>
  `schedule:${repository}:${pipeline}:${timezone}:${cron}`

/** A schedule that was taken away and comes back is a new one. */
const forgetOthers = async (store: Store, repository: string, keys: readonly string[]): Promise<void> => {
  const list = `schedules:${repository}`
  const known = await store.readSetting(list)
  const before = Array.isArray(known) ? known.filter((key): key is string => typeof key === 'string') : []
  const gone = before.filter((key) => !keys.includes(key))
  for (const key of gone) await store.writeSetting(key, null)
  if (gone.length > 0 || keys.some((key) => !before.includes(key))) await store.writeSetting(list, keys)
}

const changeOf = (
  repository: string,
  pipeline: string,
  { cron, timezone, catchUp }: ScheduleTrigger,
  { slot, missed }: DueSlot,
  at: Time,
): NewRow<'change'> => {
  const cause = { kind: 'schedule', pipeline, cron, timezone, slot, missed, each: catchUp === 'all' } as const
  return {
    repository,
    cause,
    sender: 'schedule',
    author: 'schedule',
    dedupeKey: `schedule:${repository}:${pipeline}:${timezone}:${cron}:${formatTime(slot)}`,
    bodyDigest: digestJson({ repository, pipeline, cron, timezone, slot }),
    receivedAt: at,
    ...justRecorded,
  }
}
