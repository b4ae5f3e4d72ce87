import { readdirSync, readFileSync } from 'node:fs'

/** Names one process for good: a pid alone is used again by the kernel. */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks since boot at which it started (field 22 of /proc/PID/stat); null where there is no /proc. */
  readonly startTime: string | null
  /** The boot that the ticks count from. */
  readonly boot: string | null
}

/** The name of the variable that carries the scope's token into every process started in it. */
export const scopeVariable = 'WINNOW_PROCESS_SCOPE'

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

/** The fields of /proc/PID/stat from the third on; the second (the name) may hold blanks and brackets. */
const statFields = (pid: number): readonly string[] | undefined => {
  const text = readText(`/proc/${pid}/stat`)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')
}

let ownBoot: string | null | undefined
const bootId = (): string | null => {
  ownBoot ??= readText('/proc/sys/kernel/random/boot_id')?.trim() ?? null
  return ownBoot
}

export const identify = (pid: number): ProcessIdentity => ({
  pid,
  startTime: statFields(pid)?.[19] ?? null,
  boot: bootId(),
})

/** True where exactly this process is alive: same boot, same pid, same start. A zombie is not alive. */
export const isAlive = ({ pid, startTime, boot }: ProcessIdentity): boolean => {
  if (startTime === null || boot === null || boot !== bootId()) return false
  const fields = statFields(pid)
  return fields !== undefined && fields[0] !== 'Z' && fields[19] === startTime
}

/** Every living process that was started in a scope, found by the token in its environment, whatever its group. */
export const processesOfScope = (token: string): readonly number[] => {
  const entry = `${scopeVariable}=${token}`
  let names: readonly string[]
  try {
    names = readdirSync('/proc')
  } catch {
    return []
  }
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && readText(`/proc/${pid}/environ`)?.split('\0').includes(entry) === true)
}

/** Sends a signal to a process (or, given a negative number, to a group); false where it is gone or not ours. */
export const signalProcess = (pid: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

/** Kills what an earlier life left: the identified groups that are verifiably the same, and all that carry the token. */
export const killLeftovers = (token: string, identities: readonly ProcessIdentity[]): number => {
  let killed = 0
  for (const identity of identities) if (isAlive(identity) && signalProcess(-identity.pid, 'SIGKILL')) killed += 1
  for (const pid of processesOfScope(token)) if (signalProcess(pid, 'SIGKILL')) killed += 1
  return killed
}
