import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Enclose } from './run-process.ts'

/** A kernel group (cgroup) that holds so many processes and no more, against programs that start others without end. */
interface ProcessLimit {
  /** The command, put into the group before it starts: same pid, same process group. */
  readonly enclose: Enclose
  /** Once all of them have ended. */
  close(): void
}

const mountPoint = '/sys/fs/cgroup'
let count = 0

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** The interface's two generations: a hierarchy of its own, or one for all. */
const places = (): readonly string[] => {
  const own = /^\d+:(?:[^:]*,)?pids(?:,[^:]*)?:(.*)$/m.exec(textOf('/proc/self/cgroup'))?.[1]
  const unified = /\bpids\b/.test(textOf(join(mountPoint, 'cgroup.subtree_control'))) ? [mountPoint] : []
  return own === undefined ? unified : [...unified, join(mountPoint, 'pids', own), join(mountPoint, 'pids')]
}

/** A group for at most so many processes; undefined where this user may not make one. */
export const limitProcesses = (most: number): ProcessLimit | undefined => {
  for (const place of places()) {
    if (!existsSync(place)) continue
    count += 1
    const group = join(place, `winnow-pids-${process.pid}-${count}`)
    const remove = (): void => {
      try {
        rmdirSync(group)
      } catch {
        // Something that was killed has not left it yet; an empty group that stays costs nothing.
      }
    }
    try {
      mkdirSync(group)
      writeFileSync(join(group, 'pids.max'), String(most))
    } catch {
      remove()
      continue
    }
    return {
      enclose: (command, args) => [
        '/bin/sh',
        ['-c', 'echo $$ > "$1" && shift && exec "$@"', 'sh', join(group, 'cgroup.procs'), command, ...args],
      ],
      close: remove,
    }
  }
  return undefined
}
