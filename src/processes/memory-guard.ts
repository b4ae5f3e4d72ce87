import { readdirSync, readFileSync } from 'node:fs'
import { createMemoryGroup } from './memory-group.ts'

/** What became of a process's memory. */
export interface MemoryUse {
  /** `limit`: it was killed for its own limit. `machine`: the kernel killed it since the machine had no more. */
  readonly exhausted: 'limit' | 'machine' | null
  readonly limitBytes: number | null
  readonly peakBytes: number | null
}

/** Holds one process, with all that it starts, to its memory limit. */
export interface MemoryGuard {
  /** The command that starts the process under its limit: same pid, same process group. */
  enclose(command: string, args: readonly string[]): readonly [string, readonly string[]]
  /** Watches a process group where the kernel does not; `kill` is called once, when it holds too much. */
  watch(group: number, kill: () => void): void
  /** Ends the guard: what is known when the process has ended. `killed`: whether it died of SIGKILL. */
  end(killed: boolean): Promise<MemoryUse>
}

const watchMs = 100

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** Processes that the kernel has killed for want of memory since the machine started. */
const machineKills = (): number => Number(/^oom_kill (\d+)$/m.exec(readText('/proc/vmstat'))?.[1] ?? 0)

const pageBytes = 4096
/** Bytes in memory of all processes of a process group; pages that they share count for each of them. */
const groupBytes = (group: number): number => {
  let pages = 0
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const text = readText(`/proc/${name}/stat`)
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    if (Number(fields[2]) === group) pages += Number(fields[21])
  }
  return pages * pageBytes
}

/** Without a limit it only finds out whether the kernel took the process for the machine's sake. */
const unlimited = (): MemoryGuard => {
  const before = machineKills()
  return {
    enclose: (command, args) => [command, args],
    watch: () => {},
    end: async (killed) => ({
      exhausted: killed && machineKills() > before ? 'machine' : null,
      limitBytes: null,
      peakBytes: null,
    }),
  }
}

/**
 * A kernel group where one can be made. Elsewhere RLIMIT_DATA stops each process from asking for more (Python says
 * MemoryError), and what the processes hold together is looked at a few times a second.
 */
export const guardMemory = (limitBytes: number | undefined, makeGroup = createMemoryGroup): MemoryGuard => {
  if (limitBytes === undefined) return unlimited()
  const before = machineKills()
  const group = makeGroup(limitBytes)
  if (group !== undefined)
    return {
      enclose: (command, args) => [
        '/bin/sh',
        ['-c', 'echo $$ > "$1" && shift && exec "$@"', 'sh', group.procs, command, ...args],
      ],
      watch: () => {},
      async end(killed) {
        const { peakBytes, kills } = group.read()
        await group.close()
        const exhausted = kills > 0 ? 'limit' : killed && machineKills() > before ? 'machine' : null
        return { exhausted, limitBytes, peakBytes }
      },
    }

  let timer: NodeJS.Timeout | undefined
  let peakBytes: number | null = null
  let exceeded = false
  return {
    enclose: (command, args) => [
      '/bin/sh',
      ['-c', 'ulimit -d "$1" && shift && exec "$@"', 'sh', String(Math.ceil(limitBytes / 1024)), command, ...args],
    ],
    watch(processGroup, kill) {
      timer = setInterval(() => {
        peakBytes = Math.max(peakBytes ?? 0, groupBytes(processGroup))
        if (exceeded || peakBytes <= limitBytes) return
        exceeded = true
        kill()
      }, watchMs)
    },
    async end(killed) {
      clearInterval(timer)
      const exhausted = exceeded ? 'limit' : killed && machineKills() > before ? 'machine' : null
      return { exhausted, limitBytes, peakBytes }
    },
  }
}
