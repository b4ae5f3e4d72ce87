import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { signalProcess } from './process-table.ts'

/** A kernel group (cgroup) whose processes together may hold only so much memory. */
export interface MemoryGroup {
  /** The file that a process writes its id into to join; its children are born inside. */
  readonly procs: string
  /** The most that was held, in bytes, and how often the kernel killed one of its processes for want of memory. */
  read(): { readonly peakBytes: number | null; readonly kills: number }
  /** Kills what is left inside and removes the group. */
  close(): Promise<void>
}

/** The names that the two generations of the kernel's interface have for the same things. */
interface Interface {
  readonly limits: readonly string[]
  readonly peak: string
  readonly events: string
  /** Written where it can be: no swap beside the limit, and all of a group die together. */
  readonly extras: Readonly<Record<string, string>>
}
const v2: Interface = {
  limits: ['memory.max'],
  peak: 'memory.peak',
  events: 'memory.events',
  extras: { 'memory.swap.max': '0', 'memory.oom.group': '1' },
}
const v1: Interface = {
  limits: ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'],
  peak: 'memory.max_usage_in_bytes',
  events: 'memory.oom_control',
  extras: {},
}

const mountPoint = '/sys/fs/cgroup'

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
const tryTo = (work: () => void): boolean => {
  try {
    work()
    return true
  } catch {
    return false
  }
}

/** Folders that a group could be made in, the likeliest first. In v2 only the root may hold processes beside groups. */
const places = (): readonly { readonly folder: string; readonly names: Interface }[] => {
  const found: { folder: string; names: Interface }[] = []
  if (/\bmemory\b/.test(textOf(join(mountPoint, 'cgroup.subtree_control'))))
    found.push({ folder: mountPoint, names: v2 })
  const own = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(textOf('/proc/self/cgroup'))?.[1]
  if (own !== undefined)
    for (const folder of [join(mountPoint, 'memory', own), join(mountPoint, 'memory')])
      if (existsSync(join(folder, v1.limits[0] as string))) found.push({ folder, names: v1 })
  return found
}

/**
 * Removes groups that a killed controller has left; one that holds processes cannot be removed, and stays. Those of a
 * controller that lives are its own: one that is empty was made a moment ago.
 */
export const sweepGroups = (folder: string): void => {
  for (const name of readdirSync(folder)) {
    const [, pid] = /^winnow-(\d+)-\d+$/.exec(name) ?? []
    if (pid !== undefined && !tryTo(() => process.kill(Number(pid), 0))) tryTo(() => rmdirSync(join(folder, name)))
  }
}

let swept = false
let count = 0

/** A group with this limit in bytes; undefined where this process may not make one. */
export const createMemoryGroup = (limitBytes: number): MemoryGroup | undefined => {
  for (const { folder, names } of places()) {
    if (!swept) swept = tryTo(() => sweepGroups(folder))
    count += 1
    const group = join(folder, `winnow-${process.pid}-${count}`)
    if (!tryTo(() => mkdirSync(group))) continue
    const [first = '', ...more] = names.limits
    if (tryTo(() => writeFileSync(join(group, first), String(limitBytes)))) {
      for (const name of more) tryTo(() => writeFileSync(join(group, name), String(limitBytes)))
      for (const [name, value] of Object.entries(names.extras)) tryTo(() => writeFileSync(join(group, name), value))
      return openGroup(group, names)
    }
    tryTo(() => rmdirSync(group))
  }
  return undefined
}

const openGroup = (group: string, names: Interface): MemoryGroup => {
  const procs = join(group, 'cgroup.procs')
  return {
    procs,
    read: () => {
      const peak = textOf(join(group, names.peak)).trim()
      const kills = /^oom_kill (\d+)$/m.exec(textOf(join(group, names.events)))?.[1]
      return { peakBytes: peak === '' ? null : Number(peak), kills: Number(kills ?? 0) }
    },
    async close() {
      // A killed process leaves its group a moment later than it dies.
      for (let attempt = 0; attempt < 20; attempt += 1) {
        for (const pid of textOf(procs).split('\n')) if (pid !== '') signalProcess(Number(pid), 'SIGKILL')
        if (tryTo(() => rmdirSync(group)) || !existsSync(group)) return
        await sleep(25)
      }
    },
  }
}
