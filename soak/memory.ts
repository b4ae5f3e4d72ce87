import { readFile } from 'node:fs/promises'

/** Resident memory of a process at a moment. */
export interface Sample {
  readonly role: string
  /** Which life of the role. */
  readonly life: number
  /** Sendings so far. */
  readonly sent: number
  readonly mebibytes: number
}

export interface MemoryOfRole {
  readonly start: number
  readonly warm: number
  readonly end: number
  readonly most: number
  /** MiB for each thousand changes, over the last half of the last life; undefined where that is too short to tell. */
  readonly slope: number | undefined
  readonly leaks: boolean
}

/** Sendings below which a slope says more of the garbage collector than of a leak. */
const shortest = 2_500
/** Generous: what the garbage collector leaves for later comes and goes, a leak adds up. */
export const leakFrom = 8
/** MiB by which memory comes and goes without any leak, between a look just after a collection and one just before. */
const breathing = 32

export const residentMemory = async (pid: number): Promise<number | undefined> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? []
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1_024
}

/** What the samples say of each role. Only its last life counts: memory does not outlive a process. */
export const memoryOf = (samples: readonly Sample[]): Readonly<Record<string, MemoryOfRole>> =>
  Object.fromEntries(
    [...Map.groupBy(samples, ({ role }) => role)].map(([role, all]) => {
      const last = Math.max(...all.map(({ life }) => life))
      const lived = all.filter(({ life }) => life === last)
      const [from, to] = [lived[0]?.sent ?? 0, lived.at(-1)?.sent ?? 0]
      const later = lived.filter(({ sent }) => sent >= (from + to) / 2)
      const slope = to - from < shortest ? undefined : 1_000 * slopeOf(later)
      const at = (sample: Sample | undefined): number => sample?.mebibytes ?? 0
      return [
        role,
        {
          start: at(lived[0]),
          warm: at(later[0]),
          end: at(lived.at(-1)),
          most: Math.max(...all.map(at)),
          slope,
          leaks: slope !== undefined && slope > leakFrom && at(lived.at(-1)) - at(later[0]) > breathing,
        },
      ] as const
    }),
  )

/** Least squares: MiB for one sending. */
const slopeOf = (samples: readonly Sample[]): number => {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [sent, memory] = [mean(samples.map((one) => one.sent)), mean(samples.map((one) => one.mebibytes))]
  const spread = samples.reduce((sum, one) => sum + (one.sent - sent) ** 2, 0)
  const together = samples.reduce((sum, one) => sum + (one.sent - sent) * (one.mebibytes - memory), 0)
  return spread === 0 ? 0 : together / spread
}
